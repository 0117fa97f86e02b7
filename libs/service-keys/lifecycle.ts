import { type EpochMilliseconds, defineLifecycle } from '#core';

import type { AuthType } from './auth-types.js';
import { credentialEvents, serviceEvents } from './events.js';

const credentialStates = ['active', 'inactive', 'expired', 'compromised', 'deleted'] as const;
export type CredentialState = (typeof credentialStates)[number];

/** What decides a credential's state at a moment. */
export interface CredentialTiming {
  readonly state: CredentialState;
  readonly expiresAt: EpochMilliseconds | null;
  /** When a regenerated credential is discarded; from `overlapEndsAt` on it is inactive. */
  readonly overlapEndsAt: EpochMilliseconds | null;
}

/** The columns of a credential that its lifecycle reads and sets. */
interface CredentialColumns {
  readonly id: string;
  readonly serviceId: string;
  readonly authType: AuthType;
  readonly fingerprint: string;
  readonly overlapEndsAt: EpochMilliseconds | null;
  readonly inactiveSlot: string | null;
  readonly sealedSecret: Buffer | null;
  readonly discardedAt: EpochMilliseconds | null;
  readonly compromisedAt: EpochMilliseconds | null;
  readonly deletedAt: EpochMilliseconds | null;
}

/** The one place that inactive credentials of a service and type share. */
export const slotOf = ({ serviceId, authType }: Pick<CredentialColumns, 'serviceId' | 'authType'>): string =>
  `${serviceId}:${authType}`;

/** No longer instead of the inactive one, nor about to be. */
const FREED = { inactiveSlot: null, overlapEndsAt: null };

const discarded = (credential: CredentialColumns, at: EpochMilliseconds): Partial<CredentialColumns> => ({
  inactiveSlot: slotOf(credential),
  overlapEndsAt: null,
  discardedAt: at,
});

const erased = (_: CredentialColumns, at: EpochMilliseconds): Partial<CredentialColumns> => ({
  sealedSecret: null,
  inactiveSlot: null,
  deletedAt: at,
});

/** The lifecycle of a service key or JWT credential, after the vendor's Discard, Reactivate and Delete. */
export const credentialLifecycle = defineLifecycle({
  noun: 'credential',
  states: credentialStates,
  initial: ['active'],
  live: ['active', 'inactive'],
  about: ({ id, serviceId }: CredentialColumns) => ({ targetId: id, credentialId: id, details: { serviceId } }),
  events: {
    discard: {
      from: ['active'],
      to: 'inactive',
      done: 'discarded',
      records: credentialEvents.discarded,
      sets: discarded,
    },
    // Regenerated without an overlap.
    replace: {
      from: ['active'],
      to: 'inactive',
      done: 'regenerated',
      records: credentialEvents.regenerated,
      sets: discarded,
    },
    reactivate: {
      from: ['inactive'],
      to: 'active',
      done: 'reactivated',
      records: credentialEvents.reactivated,
      sets: () => ({ ...FREED, discardedAt: null }),
    },
    // Expiry is final, the end of an overlap is not: of the two that are due, expiry goes first.
    expire: {
      from: ['active', 'inactive'],
      to: 'expired',
      done: 'expired',
      records: credentialEvents.expired,
      dueAt: ({ expiresAt }: CredentialTiming) => expiresAt,
      irreversible: true,
      sets: () => FREED,
    },
    end_overlap: {
      from: ['active'],
      to: 'inactive',
      done: 'discarded',
      records: credentialEvents.overlap_ended,
      dueAt: ({ overlapEndsAt }: CredentialTiming) => overlapEndsAt,
      sets: discarded,
    },
    compromise: {
      from: ['active', 'inactive'],
      to: 'compromised',
      done: 'marked as compromised',
      records: credentialEvents.compromised,
      sets: (_, at) => ({ ...FREED, compromisedAt: at }),
    },
    delete: {
      from: ['inactive', 'expired', 'compromised'],
      to: 'deleted',
      done: 'deleted',
      records: credentialEvents.deleted,
      sets: erased,
      details: ({ fingerprint }) => ({ fingerprint }),
    },
    // The last active credential, too, is deleted together with its service.
    service_deleted: {
      from: ['active', 'inactive', 'expired', 'compromised'],
      to: 'deleted',
      done: 'deleted with its service',
      records: credentialEvents.deleted,
      sets: erased,
    },
  },
});

/**
 * The state that counts at `now`. Expiry and the end of an overlap hold from their very instant; that the scheduler
 * writes them down later changes nothing.
 */
export const stateAt = (credential: CredentialTiming, now: EpochMilliseconds): CredentialState =>
  credentialLifecycle.stateAt(credential, now);

const serviceStates = ['active', 'deleted'] as const;
export type ServiceState = (typeof serviceStates)[number];

/** The columns of a service that its lifecycle reads and sets. */
interface ServiceColumns {
  readonly id: string;
  readonly liveName: string;
  readonly deletedAt: EpochMilliseconds | null;
}

export const serviceLifecycle = defineLifecycle({
  noun: 'service',
  states: serviceStates,
  initial: ['active'],
  live: ['active'],
  about: ({ id }: ServiceColumns) => ({ targetId: id }),
  events: {
    delete: {
      from: ['active'],
      to: 'deleted',
      done: 'deleted',
      records: serviceEvents.deleted,
      sets: ({ id }, at) => ({ liveName: id, deletedAt: at }),
    },
  },
});
