import { isIP } from 'node:net';

import type { EpochMilliseconds } from '#core';

import { type ChallengeKindName, challengeKindNames, challengeKinds } from './challenge-kinds/index.js';
import type { AcmeAuthorization } from './entities.js';
import { type AcmeAuthorizationState, acmeAuthorizationLifecycle } from './lifecycle.js';

/** RFC 8555 §7.1.6. */
const acmeChallengeStates = ['pending', 'processing', 'valid', 'invalid'] as const;
type AcmeChallengeState = (typeof acmeChallengeStates)[number];

interface ShownChallenge {
  readonly type: ChallengeKindName;
  readonly state: AcmeChallengeState;
}

type Columns = Pick<
  AcmeAuthorization,
  'state' | 'name' | 'wildcard' | 'challenge' | 'dueAt' | 'validatedAt' | 'expiresAt'
>;

/** The state of the challenge that the client chose, once the authorization is no longer pending. */
const STATE_OF_CHOSEN: Readonly<
  Record<Exclude<AcmeAuthorizationState, 'pending'>, (row: Columns) => AcmeChallengeState>
> = {
  valid: () => 'valid',
  invalid: () => 'invalid',
  deactivated: ({ validatedAt }) => (validatedAt === null ? 'invalid' : 'valid'),
  expired: ({ validatedAt }) => (validatedAt === null ? 'invalid' : 'valid'),
};

/**
 * The challenges of an authorization. It is pending: one of them may be chosen, of those that prove what is to be proven;
 * afterwards: the chosen one alone (RFC 8555 §7.1.4).
 */
export function challengesOf(row: Columns, now: EpochMilliseconds): readonly ShownChallenge[] {
  const state = acmeAuthorizationLifecycle.stateAt(row, now);
  if (state !== 'pending') {
    return row.challenge === null ? [] : [{ type: row.challenge, state: STATE_OF_CHOSEN[state](row) }];
  }
  return challengeKindNames
    .filter((type) => !row.wildcard || challengeKinds[type].provesWildcards)
    .filter((type) => isIP(row.name) === 0 || challengeKinds[type].provesAddresses)
    .map((type) => ({ type, state: row.challenge === type && row.dueAt !== null ? 'processing' : 'pending' }));
}

/** The waits between the attempts to validate a challenge, in milliseconds: as many attempts, and the first immediately. */
const RETRY_DELAYS: readonly number[] = [2_000, 4_000, 8_000, 15_000];

/**
 * When a challenge is tried again.
 * @param attempts that failed, at least 1
 * @returns milliseconds from now; `undefined` where it is not
 */
export const validationRetryDelay = (attempts: number): number | undefined => RETRY_DELAYS[attempts - 1];
