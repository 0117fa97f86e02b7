import { type EpochMilliseconds, defineLifecycle } from '#core';
import type { RevocationReason } from '#pki';

import { authorityEvents, certificateEvents } from './events.js';

const certificateStates = ['issuing', 'active', 'held', 'revoked', 'expired'] as const;
export type CertificateState = (typeof certificateStates)[number];

/** What decides a certificate's state at a moment. */
interface Timing {
  readonly notAfter: EpochMilliseconds;
}

/** The columns that both lifecycles read and set. */
interface RevocableColumns {
  readonly id: string;
  readonly notAfter: EpochMilliseconds;
  readonly revocationReason: RevocationReason | null;
  readonly revokedAt: EpochMilliseconds | null;
}

interface Columns extends RevocableColumns {
  readonly serialNumber: string;
}

interface AuthorityColumns extends RevocableColumns {
  readonly subject: string;
  readonly issuer: string | null;
  readonly serialNumber: string | null;
}

/** Valid to the end of that instant (RFC 5280 §4.1.2.5). */
const expiry = ({ notAfter }: Timing): EpochMilliseconds => notAfter + 1;

const revokedFor =
  (revocationReason: RevocationReason) =>
  (_: Columns, at: EpochMilliseconds): Partial<Columns> => ({ revocationReason, revokedAt: at });

const status = ({ serialNumber, revocationReason }: Columns) => ({
  serialNumber,
  ...(revocationReason === null ? {} : { reason: revocationReason }),
});

/**
 * `issuing`: its serial number and the hash of what will be signed are on record, the signature is not. `expired` is
 * written down by the scheduler and counts from the very instant, see `certificateStateAt`.
 */
export const certificateLifecycle = defineLifecycle({
  noun: 'certificate',
  states: certificateStates,
  initial: ['issuing'],
  live: ['active', 'held'],
  about: ({ id, kid }: Columns & { readonly kid: string }) => ({ targetId: id, kid }),
  events: {
    activate: { from: ['issuing'], to: 'active', done: 'issued', records: certificateEvents.issued },
    hold: {
      from: ['active'],
      to: 'held',
      done: 'put on hold',
      records: certificateEvents.held,
      repeated: 'unchanged',
      sets: revokedFor('certificateHold'),
      details: status,
    },
    release: {
      from: ['held'],
      to: 'active',
      done: 'released',
      records: certificateEvents.released,
      repeated: 'unchanged',
      sets: () => ({ revocationReason: null, revokedAt: null }),
      details: status,
    },
    revoke: {
      from: ['active', 'held', 'expired'],
      to: 'revoked',
      done: 'revoked',
      records: certificateEvents.revoked,
      repeated: 'unchanged',
      sets: (_, at) => ({ revokedAt: at }),
      details: status,
    },
    // What has expired is no longer accepted anyway.
    authority_revoked: {
      from: ['active', 'held'],
      to: 'revoked',
      done: 'revoked with its authority',
      records: certificateEvents.revoked,
      sets: revokedFor('cACompromise'),
      details: status,
    },
    expire: {
      from: ['active', 'held'],
      to: 'expired',
      done: 'expired',
      records: certificateEvents.expired,
      dueAt: expiry,
      irreversible: true,
      details: ({ notAfter }) => ({ notAfter }),
    },
    // An issuance that a crash interrupted: the certificate must never be accepted.
    abandon: {
      from: ['issuing'],
      to: 'revoked',
      done: 'abandoned',
      records: certificateEvents.abandoned,
      sets: revokedFor('cessationOfOperation'),
      details: status,
    },
    // Its reason becomes keyCompromise.
    compromise: {
      from: ['revoked'],
      to: 'revoked',
      done: 'marked as compromised',
      records: certificateEvents.reason_changed,
      details: status,
    },
  },
});

const authorityStates = ['pending', 'active', 'revoked', 'expired'] as const;
export type AuthorityState = (typeof authorityStates)[number];

/** What an external issuer's certificate says of an authority. */
const certified = ({ subject, issuer, serialNumber, notAfter }: AuthorityColumns) => ({
  subject,
  issuer,
  serialNumber,
  notAfter,
});

/** `pending`: its key exists, and an external issuer has not issued its certificate yet. */
export const authorityLifecycle = defineLifecycle({
  noun: 'certificate authority',
  states: authorityStates,
  initial: ['pending', 'active'],
  live: ['pending', 'active'],
  about: ({ id }: AuthorityColumns) => ({ targetId: id }),
  events: {
    activate: {
      from: ['pending'],
      to: 'active',
      done: 'activated',
      records: authorityEvents.activated,
      details: certified,
    },
    // The same key under a new certificate.
    renew: {
      from: ['active'],
      to: 'active',
      done: 'renewed',
      records: authorityEvents.renewed,
      details: certified,
    },
    revoke: {
      from: ['pending', 'active', 'expired'],
      to: 'revoked',
      done: 'revoked',
      records: authorityEvents.revoked,
      repeated: 'unchanged',
      sets: (_, at) => ({ revokedAt: at }),
    },
    expire: {
      from: ['pending', 'active'],
      to: 'expired',
      done: 'expired',
      records: authorityEvents.expired,
      dueAt: expiry,
      irreversible: true,
      details: ({ notAfter }) => ({ notAfter }),
    },
    compromise: {
      from: ['revoked'],
      to: 'revoked',
      done: 'marked as compromised',
      records: authorityEvents.reason_changed,
    },
  },
});

/** The state of a certificate that counts at `now`: expiry holds from its instant. */
export const certificateStateAt = (
  row: Timing & { readonly state: CertificateState },
  now: EpochMilliseconds,
): CertificateState => certificateLifecycle.stateAt(row, now);

/** The same for a certificate authority. */
export const authorityStateAt = (
  row: Timing & { readonly state: AuthorityState },
  now: EpochMilliseconds,
): AuthorityState => authorityLifecycle.stateAt(row, now);

/** What OCSP says of a certificate or an authority (RFC 6960 §2.2); what was never finished was never issued. */
export const STATUS_OF_STATE: Readonly<Record<CertificateState | AuthorityState, 'good' | 'revoked' | 'unknown'>> = {
  issuing: 'unknown',
  pending: 'unknown',
  active: 'good',
  held: 'revoked',
  revoked: 'revoked',
  expired: 'good',
};

/** What is in one of these is on the CRL of its issuer. */
export const listedStates = certificateStates.filter((state) => STATUS_OF_STATE[state] === 'revoked');

/** What is in one of these a compromise of the key still has to revoke. */
export const unrevokedStates = certificateStates.filter((state) => state !== 'revoked');
