import { DAY, type EpochMilliseconds } from '#core';

import { type CredentialState, type CredentialTiming, credentialLifecycle, stateAt } from './lifecycle.js';

/** What the rules look at: one credential among its siblings, the live ones of the same service and auth type. */
export interface CredentialFacts extends CredentialTiming {
  readonly id: string;
  readonly createdAt: EpochMilliseconds;
  readonly revealedAt: EpochMilliseconds | null;
}

export interface CredentialPolicy {
  /** Live credentials per service and auth type. */
  readonly credentialsPerType: number;
  readonly reveal: 'allowed' | 'once' | 'never';
}

export const credentialActions = [
  'reveal',
  'discard',
  'reactivate',
  'regenerate',
  'compromise',
  'update',
  'delete',
] as const;
export type CredentialAction = (typeof credentialActions)[number];

export type RefusalCode =
  | 'WRONG_STATE'
  | 'LAST_ACTIVE_CREDENTIAL'
  | 'INACTIVE_CREDENTIAL_EXISTS'
  | 'CREDENTIAL_LIMIT_REACHED'
  | 'NOT_REVEALABLE';

/** The situation in which an action is decided. */
export interface Situation<Facts extends CredentialFacts = CredentialFacts> {
  readonly credential: Facts;
  /** The others of the same service and auth type; those whose rows are not live make no difference. */
  readonly siblings: readonly Facts[];
  readonly policy: CredentialPolicy;
  readonly now: EpochMilliseconds;
}

/** Active, and stays so: not one that is about to be discarded because its overlap ends. */
export const isLastingActive = (credential: CredentialFacts, now: EpochMilliseconds): boolean =>
  stateAt(credential, now) === 'active' && credential.overlapEndsAt === null;

/** Inactive now, or bound to be when its overlap ends: there is one place for these. */
export const occupiesInactiveSlot = (credential: CredentialFacts, now: EpochMilliseconds): boolean => {
  const state = stateAt(credential, now);
  return state === 'inactive' || (state === 'active' && credential.overlapEndsAt !== null);
};

const { event, live } = credentialLifecycle;

export const countLive = (credentials: readonly CredentialFacts[], now: EpochMilliseconds): number =>
  credentials.filter((credential) => live.includes(stateAt(credential, now))).length;

type Rule = (situation: Situation) => RefusalCode | undefined;

const from =
  (...states: readonly CredentialState[]): Rule =>
  ({ credential, now }) =>
    states.includes(stateAt(credential, now)) ? undefined : 'WRONG_STATE';

const anotherStaysActive: Rule = ({ siblings, now }) =>
  siblings.some((sibling) => isLastingActive(sibling, now)) ? undefined : 'LAST_ACTIVE_CREDENTIAL';

const inactiveSlotIsFree: Rule = ({ siblings, now }) =>
  siblings.some((sibling) => occupiesInactiveSlot(sibling, now)) ? 'INACTIVE_CREDENTIAL_EXISTS' : undefined;

const roomForOneMore: Rule = ({ credential, siblings, policy, now }) =>
  countLive([credential, ...siblings], now) < policy.credentialsPerType ? undefined : 'CREDENTIAL_LIMIT_REACHED';

const notInOverlap: Rule = ({ credential }) => (credential.overlapEndsAt === null ? undefined : 'WRONG_STATE');

const revealable: Rule = ({ credential, policy }) =>
  policy.reveal === 'never' || (policy.reveal === 'once' && credential.revealedAt !== null)
    ? 'NOT_REVEALABLE'
    : undefined;

/** Each action's conditions, in the order in which the first that fails is the answer. Rules 2 to 6 of the product. */
const rules: Readonly<Record<CredentialAction, readonly Rule[]>> = {
  reveal: [from(...live), revealable],
  discard: [from(...event.discard.from), anotherStaysActive, inactiveSlotIsFree],
  reactivate: [from(...event.reactivate.from)],
  regenerate: [from('active'), notInOverlap, inactiveSlotIsFree, roomForOneMore],
  compromise: [from(...event.compromise.from)],
  update: [from(...live)],
  delete: [from(...event.delete.from)],
};

/** Why the action is refused in this situation, or `undefined` where it is allowed. The only place that decides. */
export function refusalOf(action: CredentialAction, situation: Situation): RefusalCode | undefined {
  for (const rule of rules[action]) {
    const refusal = rule(situation);
    if (refusal) return refusal;
  }
  return undefined;
}

/** Why one more credential cannot be created beside these. */
export const refusalOfCreation = (
  credentials: readonly CredentialFacts[],
  policy: CredentialPolicy,
  now: EpochMilliseconds,
): RefusalCode | undefined =>
  countLive(credentials, now) < policy.credentialsPerType ? undefined : 'CREDENTIAL_LIMIT_REACHED';

/** What a client may offer, and why it may not offer the rest. */
export function offeredActions(
  situation: Situation,
  forbidden: ReadonlySet<CredentialAction> = new Set(),
): {
  allowedActions: CredentialAction[];
  blockedActions: Partial<Record<CredentialAction, RefusalCode | 'FORBIDDEN'>>;
} {
  const allowedActions: CredentialAction[] = [];
  const blockedActions: Partial<Record<CredentialAction, RefusalCode | 'FORBIDDEN'>> = {};
  for (const action of credentialActions) {
    const reason = forbidden.has(action) ? 'FORBIDDEN' : refusalOf(action, situation);
    if (reason) blockedActions[action] = reason;
    else allowedActions.push(action);
  }
  return { allowedActions, blockedActions };
}

/** Whether compromising or losing this one leaves none that stays active, so that a successor has to be made. */
export const leavesNoneActive = ({ credential, siblings, now }: Omit<Situation, 'policy'>): boolean =>
  isLastingActive(credential, now) && !siblings.some((sibling) => isLastingActive(sibling, now));

/**
 * Whether an expired credential was the last active one: none stays active now, and none outlived it. Of several that
 * have expired unobserved, only the one that expired latest was the last.
 */
export const expiredAsLast = (
  credential: CredentialFacts,
  siblings: readonly CredentialFacts[],
  now: EpochMilliseconds,
): boolean =>
  credential.state === 'active' &&
  credential.overlapEndsAt === null &&
  credential.expiresAt !== null &&
  ![credential.expiresAt, now].some((instant) =>
    siblings.some((sibling) => sibling.id !== credential.id && isLastingActive(sibling, instant)),
  );

/**
 * The expiry of a successor: the same lifetime as that of its predecessor.
 * @returns epoch milliseconds, or `null` for a credential that never expires
 */
export const successorExpiry = (
  credential: Pick<CredentialFacts, 'createdAt' | 'expiresAt'>,
  now: EpochMilliseconds,
): EpochMilliseconds | null =>
  credential.expiresAt === null ? null : now + (credential.expiresAt - credential.createdAt);

interface SuccessionPolicy {
  readonly credentialLifetimeDays: number;
  readonly expiryLeadDays: number;
}

/**
 * The expiry of a successor that Chancery creates: the tenant's default lifetime, and at least twice the lead time, so
 * that a short-lived credential is not succeeded by another short-lived one again and again.
 * @returns epoch milliseconds, or `null` where the credential that it replaces never expires
 */
export const automaticSuccessorExpiry = (
  { expiresAt }: Pick<CredentialFacts, 'expiresAt'>,
  { credentialLifetimeDays, expiryLeadDays }: SuccessionPolicy,
  now: EpochMilliseconds,
): EpochMilliseconds | null =>
  expiresAt === null ? null : now + Math.max(credentialLifetimeDays, 2 * expiryLeadDays) * DAY;

/** Whether Chancery created it and no request ever used it: then no service has it, and another one would not help. */
export const isUnusedSuccessor = (credential: {
  readonly succeededAutomaticallyAt: EpochMilliseconds | null;
  readonly lastUsedAt: EpochMilliseconds | null;
}): boolean => credential.succeededAutomaticallyAt !== null && credential.lastUsedAt === null;

/**
 * When an inactive credential is deleted: the tenant's number of days after it was discarded or last presented. A use that
 * was rejected counts, so that a credential that some client still sends stays recognisable.
 * @returns epoch milliseconds; `Infinity` where the tenant deletes none
 */
export const deletionDueAt = (
  credential: {
    readonly discardedAt: EpochMilliseconds | null;
    readonly lastUsedAt: EpochMilliseconds | null;
    readonly lastRefusedAt: EpochMilliseconds | null;
  },
  inactiveCredentialDays: number,
): EpochMilliseconds =>
  inactiveCredentialDays === 0 || credential.discardedAt === null
    ? Infinity
    : Math.max(credential.discardedAt, credential.lastUsedAt ?? 0, credential.lastRefusedAt ?? 0) +
      inactiveCredentialDays * DAY;

/**
 * When a last active credential gets its successor: the lead before its expiry, but never in the first half of its
 * lifetime, or short-lived successors would immediately create more successors.
 */
export const successorDueAt = (
  credential: Pick<CredentialFacts, 'createdAt' | 'expiresAt'>,
  leadMilliseconds: number,
): EpochMilliseconds =>
  credential.expiresAt === null
    ? Infinity
    : credential.expiresAt - Math.min(leadMilliseconds, (credential.expiresAt - credential.createdAt) / 2);

/** The two instants of a piece of work: `now` decides what may be used, `confirmed` what cannot be undone. */
export interface Instants {
  readonly now: EpochMilliseconds;
  readonly confirmed: EpochMilliseconds;
}

/** What decides about a successor, beside the facts of every rule. */
interface SuccessionFacts extends CredentialFacts {
  readonly replacedBy: string | null;
  readonly succeededAutomaticallyAt: EpochMilliseconds | null;
  readonly lastUsedAt: EpochMilliseconds | null;
  readonly successionStoppedAt: EpochMilliseconds | null;
}

/**
 * Whether a credential is due for its successor, or for the alarm that it gets none: it is the last of its type that stays
 * active, and no other outlasts the lead time.
 */
export function isSuccessionDue(
  credential: SuccessionFacts,
  siblings: readonly CredentialFacts[],
  { onLastExpiry, expiryLeadDays }: { readonly onLastExpiry: string; readonly expiryLeadDays: number },
  { now, confirmed }: Instants,
): boolean {
  const isDue = (candidate: CredentialFacts): boolean => successorDueAt(candidate, expiryLeadDays * DAY) <= confirmed;
  const isStopped = credential.successionStoppedAt !== null && isUnusedSuccessor(credential);
  if (onLastExpiry === 'lapse' || credential.replacedBy !== null || isStopped) return false;
  if (!isLastingActive(credential, now) || !isDue(credential)) return false;
  return !siblings.some((sibling) => sibling.id !== credential.id && isLastingActive(sibling, now) && !isDue(sibling));
}

/** Whether an inactive credential is to be deleted now, see `deletionDueAt`. */
export const isDeletionDue = (
  credential: CredentialFacts & Parameters<typeof deletionDueAt>[0],
  { inactiveCredentialDays }: { readonly inactiveCredentialDays: number },
  { now, confirmed }: Instants,
): boolean => stateAt(credential, now) === 'inactive' && deletionDueAt(credential, inactiveCredentialDays) <= confirmed;
