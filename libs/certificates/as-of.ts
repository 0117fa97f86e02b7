import { type EpochMilliseconds, type Projection, type RecordedEvent, instantOf, textOf, transitions } from '#core';

import { certificateEvents, foreignCertificateEvents } from './events.js';
import { type CertificateState, certificateLifecycle, certificateStateAt } from './lifecycle.js';

/** A certificate, rebuilt from the history, from its issuance on. */
export interface CertificateAsOf {
  readonly id: string;
  readonly kid: string;
  readonly state: CertificateState;
  readonly serialNumber: string;
  readonly subject: string;
  readonly caId: string;
  readonly serviceId: string | null;
  readonly notAfter: EpochMilliseconds;
  readonly revokedAt: EpochMilliseconds | null;
  readonly revocationReason: string | null;
}

const { issued } = certificateEvents;
const changesOfState = transitions<CertificateAsOf>(certificateLifecycle);

/** The event contains the reason: several transitions record the same event. */
const withReason =
  (change: (row: CertificateAsOf, event: RecordedEvent) => CertificateAsOf) =>
  (row: CertificateAsOf, event: RecordedEvent): CertificateAsOf => {
    const reason = textOf(event.details['reason']);
    return { ...change(row, event), ...(reason === null ? {} : { revocationReason: reason }) };
  };

export const certificateProjection: Projection<CertificateAsOf> = {
  begins: {
    [issued.action]: ({ targetId, kid = '', after }) => ({
      id: targetId,
      kid,
      state: 'active',
      serialNumber: String(after['serialNumber']),
      subject: String(after['subject']),
      caId: String(after['caId']),
      serviceId: textOf(after['serviceId']),
      notAfter: instantOf(after['notAfter']) ?? 0,
      revokedAt: null,
      revocationReason: null,
    }),
  },
  changes: Object.fromEntries(Object.entries(changesOfState).map(([action, change]) => [action, withReason(change)])),
  at: (row, instant) => ({ ...row, state: certificateStateAt(row, instant) }),
};

/** A certificate that another party issued, rebuilt from the history. */
interface ForeignCertificateAsOf {
  readonly id: string;
  readonly notAfter: EpochMilliseconds;
}

export const foreignCertificateProjection: Projection<ForeignCertificateAsOf> = {
  begins: {
    [foreignCertificateEvents.stored.action]: ({ targetId, details }) => ({
      id: targetId,
      notAfter: instantOf(details['notAfter']) ?? 0,
    }),
  },
  changes: {},
  // Valid to the end of that instant (RFC 5280 §4.1.2.5).
  at: (row, instant) => (instant <= row.notAfter ? row : undefined),
};
