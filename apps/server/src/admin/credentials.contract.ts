import { DAY, type Rfc3339, SECOND, toRfc3339 } from '#core';
import {
  type AuthType,
  type Compromised,
  type CredentialAction,
  type Credential as CredentialRow,
  type CredentialState,
  type CredentialWithSecret as NewRow,
  type EffectiveCredential,
  type Regenerated,
  type CredentialDryRun as Foreseen,
  authTypes,
  credentialActions,
  credentialLifecycle,
} from '#service-keys';
import type { SecretText } from '../http/answer-once.js';
import {
  Choice,
  Flag,
  Identifier,
  Instant,
  InstantOrDate,
  Items,
  JsonObject,
  NameText,
  Nested,
  PasswordField,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { secretOfCredential } from '../secret-references.js';
import { Owner } from './contacts.contract.js';
import { PageCursor, PageLimit, PageOf, PageQuery, UnusedSince } from './page.contract.js';

export const OVERLAP_SECONDS_MAX = (30 * DAY) / SECOND;

const Kind = (options = {}) => Choice(authTypes, { description: 'How the service authenticates', ...options });
const Name = (options = {}) =>
  NameText({ max: 100, description: 'A name for people', example: 'autumn 2026', ...options });
const ExpiresAt = (options = {}) =>
  Instant({
    nullable: true,
    description: 'When it expires; null: never',
    example: '2027-01-01T00:00:00.000Z',
    ...options,
  });
const HappenedAt = (description: string) => Instant({ nullable: true, description });

export class CredentialQuery extends PageQuery {
  @Kind({ optional: true, description: 'Only those of this type' }) authType?: AuthType;
  @Choice(credentialLifecycle.states, { optional: true, description: 'Only those in this state now' })
  state?: CredentialState;
}

/** Selects credentials of a tenant; absent members do not restrict. */
export class CredentialSelectionFields {
  @Kind({ optional: true, description: 'Only those of this type' }) authType?: AuthType;
  @Identifier({ optional: true, description: 'Only those of this service' }) serviceId?: string;
  @Owner({ description: 'Only those of services with this contact address; the newest thousand services' })
  owner?: string;
  @Name({ optional: true, description: 'Only those with this name' }) name?: string;
  @InstantOrDate({
    optional: true,
    description: 'Only those that expire before this time; a date is the start of that day in UTC',
  })
  expiresBefore?: number;
  @InstantOrDate({
    optional: true,
    description: 'Only those created before this time; a date is the start of that day in UTC',
  })
  createdBefore?: number;
  @UnusedSince() unusedSince?: number;
}

export class CredentialInventoryFilter extends CredentialSelectionFields {
  @Choice(credentialLifecycle.states, { optional: true, description: 'Only those in this state now' })
  state?: CredentialState;
}

export class CredentialInventoryQuery extends CredentialInventoryFilter {
  @PageLimit() limit?: number;
  @PageCursor() cursor?: string;
}

export class NewCredential {
  @Kind() authType: AuthType;
  @Name({ optional: true }) name?: string;
  @ExpiresAt({ optional: true }) expiresAt?: number | null;
}

export class CredentialChange {
  @Name({ optional: true, nullable: true }) name?: string | null;
  @ExpiresAt({ optional: true }) expiresAt?: number | null;
}

export class Regeneration {
  @WholeNumber({
    max: OVERLAP_SECONDS_MAX,
    optional: true,
    default: 0,
    description: 'Seconds for which the old credential remains active, at most until its own expiry',
    example: 3_600,
  })
  overlapSeconds?: number;
  @ExpiresAt({
    optional: true,
    description: 'Expiry of the successor; null: never; absent: the same lifetime as the old credential',
  })
  expiresAt?: number | null;

  @Flag({
    optional: true,
    default: false,
    description: 'Delete the inactive credential of the type first',
  })
  deleteInactive?: boolean;

  @PasswordField({ optional: true, description: "The caller's own password; required with `deleteInactive`" })
  password?: string;
}

export class Compromise {
  @Text({
    max: 500,
    optional: true,
    description: 'Reason, recorded in the history',
    example: 'Found in a public repository',
  })
  reason?: string;
}

class MaskedCredential {
  @Identifier({ description: 'Id of the credential' }) id: string;
  @Identifier({ description: 'Id of the service' }) serviceId: string;
  @Kind() authType: AuthType;
  @Choice(credentialLifecycle.states, { description: 'State; only active credentials are accepted' })
  state: CredentialState;
  @Name({ nullable: true }) name: string | null;
  @Text({ description: 'The masked secret', example: 'csk_7Xk2…9fQz' }) secretMasked: string;
  @Text({
    description: 'SHA-256 of the secret, hexadecimal',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  fingerprint: string;
  @Identifier({ nullable: true, description: 'The credential that it replaces' }) replaces: string | null;
  @Identifier({ nullable: true, description: 'Its successor' }) replacedBy: string | null;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
  @ExpiresAt() expiresAt: Rfc3339 | null;
  @HappenedAt('When it is discarded because it has a successor') overlapEndsAt: Rfc3339 | null;
  @HappenedAt('When a request last used it, exact to a minute') lastUsedAt: Rfc3339 | null;
  @HappenedAt(
    'When a request with it was last rejected because it was discarded, expired or compromised, or sent from a ' +
      'wrong address',
  )
  lastRefusedAt: Rfc3339 | null;
  @WholeNumber({ description: 'Number of rejected requests with this credential, exact to a few seconds', example: 0 })
  refusedUses: number;
  @HappenedAt('When its secret was last shown') revealedAt: Rfc3339 | null;
  @HappenedAt('When it was discarded') discardedAt: Rfc3339 | null;
  @HappenedAt('When it was marked as compromised') compromisedAt: Rfc3339 | null;
  @HappenedAt('When it was deleted and its secret erased') deletedAt: Rfc3339 | null;
}

export class Credential extends MaskedCredential {
  @Items(Choice(credentialActions), {
    maxItems: credentialActions.length,
    description: 'Actions that the state permits',
    example: ['reveal', 'discard', 'update'],
  })
  allowedActions: CredentialAction[];

  @JsonObject({
    description: 'All other actions, with the error code',
    example: { reactivate: 'WRONG_STATE', delete: 'WRONG_STATE' },
  })
  blockedActions: Partial<Record<CredentialAction, string>>;
}

export class CredentialPage extends PageOf(Credential) {}

const SECRET_EXAMPLE = 'csk_7Xk2mQ0vN4tYbR8wZc1LhD5sJf9GpA3eUiK6oTnV2xM0dQr9fQz';

export class RevealedSecret {
  @Text({ description: 'The secret itself', example: SECRET_EXAMPLE }) secret: string;
}

export class CredentialWithSecret extends MaskedCredential {
  @Text({ description: 'The secret itself: store it now', example: SECRET_EXAMPLE }) secret: SecretText;
}

export class RegeneratedCredential extends CredentialWithSecret {
  @Instant({ description: 'When the credential that it replaces is discarded' }) override overlapEndsAt: Rfc3339;
}

export class CompromisedCredential extends MaskedCredential {
  @Nested(() => CredentialWithSecret, {
    optional: true,
    description: 'The successor that was created because the last active credential was compromised',
  })
  successor?: CredentialWithSecret;
}

export class CredentialDryRunImpact {
  @Choice(credentialLifecycle.states, { description: 'State of the credential afterwards', example: 'inactive' })
  state: CredentialState;
  @WholeNumber({ description: 'Active credentials of its type afterwards', example: 1 }) activeAfter: number;
  @WholeNumber({ description: 'Inactive credentials of its type afterwards', example: 1 }) inactiveAfter: number;
  @Flag({ description: 'Whether a successor would be created', example: false }) successor: boolean;
  @HappenedAt('When it was last used') lastUsedAt: Rfc3339 | null;
}

export class CredentialDryRun {
  @Flag({ description: 'Whether the action is allowed' }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'LAST_ACTIVE_CREDENTIAL' }) code?: string;
  @Nested(() => CredentialDryRunImpact, { description: 'The state afterwards' }) impact: CredentialDryRunImpact;
}

const masked = (row: CredentialRow): MaskedCredential => present(MaskedCredential, row);

/** Shows the effective state, which the row may not have yet. */
export const presentCredential = ({
  credential,
  state,
  allowedActions,
  blockedActions,
}: EffectiveCredential): Credential => ({ ...masked(credential), state, allowedActions, blockedActions });

export const presentWithSecret = (created: NewRow): CredentialWithSecret => ({
  ...masked(created.credential),
  secret: secretOfCredential(created),
});

export const presentRegenerated = (successor: Regenerated): RegeneratedCredential => ({
  ...presentWithSecret(successor),
  overlapEndsAt: toRfc3339(successor.overlapEndsAt),
});

export const presentCompromised = ({ credential, successor }: Compromised): CompromisedCredential => ({
  ...masked(credential),
  ...(successor === undefined ? {} : { successor: presentWithSecret(successor) }),
});

export const presentCredentialDryRun = ({ impact, ...decision }: Foreseen): CredentialDryRun =>
  present(CredentialDryRun, { ...decision, impact: present(CredentialDryRunImpact, impact) });
