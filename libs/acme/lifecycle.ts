import { type EpochMilliseconds, MINUTE, defineLifecycle } from '#core';

import type { ChallengeKindName } from './challenge-kinds/index.js';
import { acmeAccountEvents, acmeAuthorizationEvents, acmeOrderEvents } from './events.js';

// The states of RFC 8555 §7.1.6, under the names that the protocol has for them.

/** Longer than any request lasts: what is still being issued then never will be, and the order is ready for another request. */
const ISSUED_WITHIN = 5 * MINUTE;

export const acmeAccountStates = ['valid', 'deactivated', 'revoked'] as const;
export type AcmeAccountState = (typeof acmeAccountStates)[number];

interface AccountColumns {
  readonly id: string;
  readonly endedAt: EpochMilliseconds | null;
}

const ended = (_: AccountColumns, at: EpochMilliseconds): Partial<AccountColumns> => ({ endedAt: at });

export const acmeAccountLifecycle = defineLifecycle({
  noun: 'ACME account',
  states: acmeAccountStates,
  initial: ['valid'],
  live: ['valid'],
  about: ({ id }: AccountColumns) => ({ targetId: id }),
  events: {
    deactivate: {
      from: ['valid'],
      to: 'deactivated',
      done: 'deactivated',
      records: acmeAccountEvents.deactivated,
      sets: ended,
    },
    revoke: {
      from: ['valid', 'deactivated'],
      to: 'revoked',
      done: 'revoked',
      records: acmeAccountEvents.revoked,
      repeated: 'unchanged',
      sets: ended,
    },
  },
});

export const acmeOrderStates = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const;
export type AcmeOrderState = (typeof acmeOrderStates)[number];

interface OrderColumns {
  readonly id: string;
  readonly accountId: string;
  readonly certificateKid: string | null;
  readonly processingSince: EpochMilliseconds | null;
}

interface OrderTiming {
  readonly expiresAt: EpochMilliseconds;
  readonly processingSince: EpochMilliseconds | null;
}

export const acmeOrderLifecycle = defineLifecycle({
  noun: 'ACME order',
  states: acmeOrderStates,
  initial: ['pending'],
  live: ['pending', 'ready', 'processing'],
  about: ({ id, accountId, certificateKid }: OrderColumns) => ({
    targetId: id,
    ...(certificateKid === null ? {} : { kid: certificateKid }),
    details: { accountId },
  }),
  events: {
    /** Every authorization is valid. */
    authorize: { from: ['pending'], to: 'ready', done: 'authorized', records: null },
    /** An authorization became invalid, or was deactivated. */
    fail: { from: ['pending', 'ready'], to: 'invalid', done: 'failed', records: acmeOrderEvents.failed },
    finalize: {
      from: ['ready'],
      to: 'processing',
      done: 'finalized',
      records: null,
      sets: (_, at) => ({ processingSince: at }),
    },
    /** The request was not acceptable (§7.4, `badCSR`), or the database failed: another one may be sent. */
    reject: {
      from: ['processing'],
      to: 'ready',
      done: 'rejected',
      records: null,
      sets: () => ({ processingSince: null }),
    },
    issue: { from: ['processing'], to: 'valid', done: 'issued', records: acmeOrderEvents.finalized },
    /** A process ended between the intent and the certificate: what it signed was given to no one, and will not be. */
    abandon: {
      from: ['processing'],
      to: 'ready',
      done: 'abandoned',
      records: null,
      dueAt: ({ processingSince }: OrderTiming) => (processingSince === null ? null : processingSince + ISSUED_WITHIN),
      sets: () => ({ processingSince: null }),
    },
    expire: {
      from: ['pending', 'ready'],
      to: 'invalid',
      done: 'expired',
      records: null,
      dueAt: ({ expiresAt }: OrderTiming) => expiresAt,
    },
  },
});

const acmeAuthorizationStates = ['pending', 'valid', 'invalid', 'deactivated', 'expired'] as const;
export type AcmeAuthorizationState = (typeof acmeAuthorizationStates)[number];

interface AuthorizationColumns {
  readonly id: string;
  readonly name: string;
  readonly challenge: ChallengeKindName | null;
}

export const acmeAuthorizationLifecycle = defineLifecycle({
  noun: 'ACME authorization',
  states: acmeAuthorizationStates,
  initial: ['pending'],
  live: ['pending', 'valid'],
  about: ({ id, name, challenge }: AuthorizationColumns) => ({ targetId: id, details: { name, challenge } }),
  events: {
    validate: {
      from: ['pending'],
      to: 'valid',
      done: 'validated',
      records: acmeAuthorizationEvents.validated,
    },
    fail: { from: ['pending'], to: 'invalid', done: 'failed', records: acmeAuthorizationEvents.failed },
    deactivate: {
      from: ['pending', 'valid'],
      to: 'deactivated',
      done: 'deactivated',
      records: acmeAuthorizationEvents.deactivated,
    },
    expire: {
      from: ['pending', 'valid'],
      to: 'expired',
      done: 'expired',
      records: null,
      dueAt: ({ expiresAt }: { readonly expiresAt: EpochMilliseconds }) => expiresAt,
    },
  },
});
