import { type EpochMilliseconds, type Json, type Projection, instantOf, textOf, transitions } from '#core';

import type { AuthType } from './auth-types.js';
import { credentialEvents, serviceEvents, trustEvents } from './events.js';
import {
  type CredentialState,
  type ServiceState,
  credentialLifecycle,
  serviceLifecycle,
  stateAt,
} from './lifecycle.js';

/** A service as the history has it. */
export interface ServiceAsOf {
  readonly id: string;
  readonly state: ServiceState;
  readonly name: string;
  readonly description: string | null;
  readonly profiles: readonly string[];
  readonly allowedCidrs: readonly string[];
  /** Addresses of people who are told what becomes of it. */
  readonly contacts: readonly string[];
}

export const serviceProjection: Projection<ServiceAsOf> = {
  begins: {
    [serviceEvents.created.action]: ({ targetId, after }) => ({
      name: '',
      description: null,
      profiles: [],
      allowedCidrs: [],
      contacts: [],
      ...(after as Partial<ServiceAsOf>),
      id: targetId,
      state: 'active',
    }),
  },
  changes: {
    ...transitions<ServiceAsOf>(serviceLifecycle),
    [serviceEvents.changed.action]: (row, { after }) => ({ ...row, ...(after as Partial<ServiceAsOf>) }),
  },
  at: (row) => (row.state === 'deleted' ? undefined : row),
};

/** A credential as the history has it. */
export interface CredentialAsOf {
  readonly id: string;
  readonly state: CredentialState;
  readonly serviceId: string;
  readonly authType: AuthType;
  readonly name: string | null;
  readonly fingerprint: string;
  readonly createdAt: EpochMilliseconds;
  readonly expiresAt: EpochMilliseconds | null;
  readonly overlapEndsAt: EpochMilliseconds | null;
  readonly discardedAt: EpochMilliseconds | null;
}

const { regenerated } = credentialEvents;
const credentialTransitions = transitions<CredentialAsOf>(credentialLifecycle);

export const credentialProjection: Projection<CredentialAsOf> = {
  begins: {
    [credentialEvents.created.action]: ({ targetId, at, after }) => ({
      id: targetId,
      state: 'active',
      serviceId: String(after['serviceId']),
      authType: after['authType'] as AuthType,
      name: textOf(after['name']),
      fingerprint: String(after['fingerprint']),
      createdAt: at,
      expiresAt: instantOf(after['expiresAt']),
      overlapEndsAt: null,
      discardedAt: null,
    }),
  },
  changes: {
    ...credentialTransitions,
    [regenerated.action]: (row, event) => {
      const overlapEndsAt = instantOf(event.details['overlapEndsAt']);
      // With an overlap it stays active for a while, which is no transition.
      const hasOverlap = overlapEndsAt !== null && overlapEndsAt > event.at;
      return hasOverlap ? { ...row, overlapEndsAt } : credentialTransitions[regenerated.action]!(row, event);
    },
    [credentialEvents.changed.action]: (row, { after }) => ({
      ...row,
      name: textOf(after['name']),
      expiresAt: instantOf(after['expiresAt']),
    }),
  },
  at: (row, instant) => (row.state === 'deleted' ? undefined : { ...row, state: stateAt(row, instant) }),
};

/** A trust as the history has it: which workloads could act as its service. Its rules never change. */
export interface TrustAsOf {
  readonly id: string;
  readonly serviceId: string;
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string | null;
  readonly claims: { readonly [name: string]: Json };
  readonly ttlSeconds: number;
  readonly singleUse: boolean;
}

export const trustProjection: Projection<TrustAsOf> = {
  begins: {
    [trustEvents.created.action]: ({ targetId, after }) => ({
      id: targetId,
      serviceId: String(after['serviceId']),
      name: String(after['name']),
      issuer: String(after['issuer']),
      audience: String(after['audience']),
      subject: textOf(after['subject']),
      claims: (after['claims'] ?? {}) as TrustAsOf['claims'],
      ttlSeconds: Number(after['ttlSeconds']),
      singleUse: after['singleUse'] === true,
    }),
  },
  changes: { [trustEvents.deleted.action]: () => undefined },
  at: (row) => row,
};
