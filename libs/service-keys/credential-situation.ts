import type { EpochMilliseconds, TenantScope } from '#core';
import type { View } from '#database';
import { tenantSettingsOf } from '#tenants';

import { forbiddenActions } from './credential-permissions.js';
import { type CredentialPolicy, type Situation, offeredActions } from './credential-rules.js';
import { liveCredentialsOf } from './credential-steps.js';
import { Credential, Service } from './entities.js';
import { type CredentialState, stateAt } from './lifecycle.js';

/** A credential as it is at this moment, with what the caller may do to it. */
export interface EffectiveCredential extends ReturnType<typeof offeredActions> {
  readonly credential: Credential;
  /** The effective state; the row may not say so yet. */
  readonly state: CredentialState;
}

/** The situation of one credential among all of its type, under the lock of their service. */
export interface CredentialSituation extends Situation<Credential> {
  readonly siblings: readonly Credential[];
}

/** A step: one credential among all of its type. @throws NOT_FOUND */
export async function readSituation(view: View, serviceId: string, credentialId: string): Promise<CredentialSituation> {
  await view.get(Service, { id: serviceId, state: 'active' });
  const credential = await view.get(Credential, { id: credentialId, serviceId });
  return situationAmong(credential, await liveCredentialsOf(view, credential), await tenantSettingsOf(view), view.now);
}

/** The situation of a credential among others, of which those of its service and type count. */
export function situationAmong(
  credential: Credential,
  all: readonly Credential[],
  policy: CredentialPolicy,
  now: EpochMilliseconds,
): CredentialSituation {
  const siblings = all.filter(
    ({ id, serviceId, authType }) =>
      id !== credential.id && serviceId === credential.serviceId && authType === credential.authType,
  );
  return { credential, siblings, policy, now };
}

export const effective = (situation: CredentialSituation, { actor }: TenantScope): EffectiveCredential => ({
  credential: situation.credential,
  state: stateAt(situation.credential, situation.now),
  ...offeredActions(situation, forbiddenActions(actor.role)),
});
