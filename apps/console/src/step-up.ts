import { dataOf } from '#sdk';

import { askPasskey } from './passkeys.js';
import type { Schemas } from './queries.js';
import { client } from './server.js';
import type { StepUpMethod } from './step-up-methods.js';

/** The header of the calls that ask for a fresh proof. */
export interface StepUpHeader {
  readonly 'X-Step-Up'?: string;
}

/** A step-up with the method that it was given by. */
export interface StepUp {
  readonly method: StepUpMethod;
  readonly header: StepUpHeader;
  readonly expiresInSeconds: number;
}

/** The member of the request that a typed proof is sent as. */
const MEMBERS = { totp: 'totp', recovery_code: 'recoveryCode', password: 'password' } as const;

async function proofBy(method: StepUpMethod, typed: string): Promise<Schemas['FreshProof']> {
  if (method !== 'passkey') return { [MEMBERS[method]]: typed };
  const { passkeyOptions } = await dataOf(client.POST('/v1/auth/step-up/challenge'));
  return { passkey: await askPasskey(passkeyOptions ?? {}) };
}

/**
 * Steps up the session.
 * @param typed the password or the code; empty for a passkey
 * @throws ChanceryError `PASSWORD_INVALID`, `FACTOR_INVALID`, `TOO_MANY_ATTEMPTS`
 * @throws DOMException where the person gave no passkey
 */
export async function stepUpBy(method: StepUpMethod, typed: string): Promise<StepUp> {
  const body = await proofBy(method, typed);
  const { stepUpToken, expiresIn } = await dataOf(client.POST('/v1/auth/step-up', { body }));
  return { method, header: { 'X-Step-Up': stepUpToken }, expiresInSeconds: expiresIn };
}
