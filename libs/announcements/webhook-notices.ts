import type { Notice } from '#contacts';
import { type EpochMilliseconds, toRfc3339 } from '#core';
import { inLine } from '#mail';

import type { Webhook } from './entities.js';

/** When and why a webhook failed. */
interface Failure {
  readonly failingSince: EpochMilliseconds;
  /** Its receiver answered 410. */
  readonly isGone: boolean;
  readonly failedAt: EpochMilliseconds;
}

/** What was given up of a webhook. */
interface Lost {
  readonly count: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly day: string;
}

/** The same about messages that had waited for 30 days: at most one e-mail a day about a webhook. */
export function lostNotice({ id, name, url }: Pick<Webhook, 'id' | 'name' | 'url'>, lost: Lost): Notice {
  const { count, firstSequence, lastSequence, day } = lost;
  const host = new URL(url).host;
  return {
    key: ['webhook-deliveries-given-up', id, day],
    subject: `messages of the webhook ${inLine(name ?? host)} were given up`,
    lines: [
      `${count} or more messages of the webhook ${inLine(name ?? id)} to ${host} had waited for 30 days and are not sent: the events ${firstSequence} to ${lastSequence} of the history, as far as it subscribed to them.`,
      'The history has the events. Each message can be requested again for 7 days, once the webhook is enabled.',
    ],
    page: `webhooks/${id}`,
  };
}

/** What the owners of its tenant are told about a webhook that was disabled. Its URL can hold a secret: only the host is named. */
export function failureNotice({ id, name, url }: Pick<Webhook, 'id' | 'name' | 'url'>, failure: Failure): Notice {
  const { failingSince, isGone, failedAt } = failure;
  const host = new URL(url).host;
  const reason = isGone
    ? 'its receiver answered that it wants no more (410)'
    : `every attempt failed since ${toRfc3339(failingSince)}`;
  return {
    // It may be enabled and fail again.
    key: ['webhook-failed', id, failedAt],
    subject: `the webhook ${inLine(name ?? host)} was disabled`,
    lines: [
      `The webhook ${inLine(name ?? id)} to ${host} was disabled: ${reason}. Nothing is sent to it any more.`,
      'What happens while it is disabled is not sent later. Enable it once its receiver accepts messages again.',
    ],
    page: `webhooks/${id}`,
  };
}
