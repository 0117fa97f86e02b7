import {
  type WebhookState,
  type WebhookWithSecret as MadeWebhook,
  type ShownWebhook,
  WEBHOOK_SECRET_OVERLAP_MAX,
  type Webhooks,
  webhookStates,
} from '#announcements';
import { DAY, type Rfc3339, SECOND } from '#core';
import { type DeliveryState, deliveryStates } from '#deliveries';
import { AnswerSecret, type SecretReference, type SecretText } from '../http/answer-once.js';
import { Choice, Identifier, Instant, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf, PageQuery } from './page.contract.js';

const ACTIONS_MAX = 100;
const OVERLAP_SECONDS_MAX = WEBHOOK_SECRET_OVERLAP_MAX / SECOND;
export const OVERLAP_SECONDS_DEFAULT = DAY / SECOND;

const Url = (options = {}) =>
  Text({
    max: 2_048,
    description: 'URL to which events are sent: `https:`, with a public address',
    example: 'https://example.com/chancery',
    ...options,
  });
const Actions = (options = {}) =>
  Items(Text({ max: 64, pattern: /^(\*|[a-z_]+\.(\*|[a-z_]+))$/ }), {
    minItems: 1,
    maxItems: ACTIONS_MAX,
    unique: true,
    description: 'Event actions to send: exact names, all of a noun (`credential.*`), or all (`*`)',
    example: ['credential.*', 'key.version_compromised'],
    ...options,
  });
const HappenedAt = (description: string) => Instant({ nullable: true, description });

const Name = (options = {}) =>
  NameText({ max: 100, description: 'Purpose', example: 'alerts of the shop', ...options });

export class NewWebhook {
  @Name({ optional: true }) name?: string;
  @Url() url: string;
  @Actions() actions: string[];
}

export class WebhookChange {
  @Name({ optional: true }) name?: string;
  @Url({ optional: true }) url?: string;
  @Actions({ optional: true }) actions?: string[];
}

export class Webhook {
  @Identifier({ description: 'Id of the webhook' }) id: string;
  @Name({ nullable: true }) name: string | null;
  @Url() url: string;
  @Actions() actions: string[];
  @Choice(webhookStates, { description: 'Whether events are sent' }) state: WebhookState;
  @HappenedAt('Since when every attempt has failed; null while the receiver accepts') failingSince: Rfc3339 | null;
  @HappenedAt('When the receiver last accepted an event') deliveredAt: Rfc3339 | null;
  @HappenedAt('Until when the previous secret also signs; null if there is none')
  previousSecretUntil: Rfc3339 | null;
  @Identifier({ description: 'Id of the user or the service account that created it' }) createdBy: string;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class WebhookPage extends PageOf(Webhook) {}

export class WebhookWithSecret {
  @Nested(() => Webhook, { description: 'The webhook' }) webhook: Webhook;
  @Text({
    max: 100,
    description: 'The secret that signs its messages (Standard Webhooks); shown only once',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
  })
  secret: SecretText;
}

export class SecretRotation {
  @WholeNumber({
    max: OVERLAP_SECONDS_MAX,
    optional: true,
    default: OVERLAP_SECONDS_DEFAULT,
    description: 'Seconds for which the previous secret also signs',
    example: OVERLAP_SECONDS_DEFAULT,
  })
  overlapSeconds?: number;
}

export class DeliveryQuery extends PageQuery {
  @Choice(deliveryStates, { optional: true, description: 'Only those in this state' }) state?: DeliveryState;
}

export class Delivery {
  @Identifier({ description: 'Id of the delivery: the `webhook-id` of each of its messages' }) id: string;
  @Identifier({ description: 'Id of the event' }) eventId: string;
  @WholeNumber({ description: 'Sequence number of the event', example: 42 }) sequence: number;
  @Text({ max: 64, description: 'Action of the event', example: 'credential.created' }) action: string;
  @Choice(deliveryStates, { description: 'State of the delivery' }) state: DeliveryState;
  @WholeNumber({ description: 'Attempts since it was last requested', example: 1 }) attempts: number;
  @WholeNumber({ nullable: true, description: 'HTTP status of the last attempt', example: 200 })
  lastStatus: number | null;
  @Text({ nullable: true, max: 32, description: 'Reason why the last attempt got no response', example: 'TIMED_OUT' })
  lastError: string | null;
  @HappenedAt('When it was last tried') attemptedAt: Rfc3339 | null;
  @HappenedAt('When it is tried next; null unless it is pending') nextAttemptAt: Rfc3339 | null;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
}

export class DeliveryPage extends PageOf(Delivery) {}

/** A secret that was made: it is shown once, so its text is stored with the (sealed) answer. */
interface WebhookSecretReference extends SecretReference {
  readonly kind: 'webhook-secret';
  readonly webhookId: string;
  readonly secret: string;
}

export const isWebhookSecret = (reference: SecretReference): reference is WebhookSecretReference =>
  reference.kind === 'webhook-secret';

export const presentWebhook = (row: ShownWebhook): Webhook => present(Webhook, row);

export function presentWebhookWithSecret({ webhook, secret }: MadeWebhook): WebhookWithSecret {
  const reference: WebhookSecretReference = {
    kind: 'webhook-secret',
    webhookId: webhook.id,
    secret: secret.reveal(),
  };
  return { webhook: presentWebhook(webhook), secret: new AnswerSecret(secret, reference) };
}

type DeliveryRow = Awaited<ReturnType<Webhooks['deliveries']>>['items'][number];

export const presentDelivery = (row: DeliveryRow): Delivery =>
  present(Delivery, { ...row, nextAttemptAt: row.state === 'pending' ? row.dueAt : null });
