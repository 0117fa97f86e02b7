import { dataOf } from '#sdk';

import { askPasskey } from './passkeys.js';
import { answerOfProvider } from './provider-window.js';
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

async function proofBy(method: Exclude<StepUpMethod, 'provider'>, typed: string): Promise<Schemas['FreshProof']> {
  if (method !== 'passkey') return { [MEMBERS[method]]: typed };
  const { passkeyOptions } = await dataOf(client.POST('/v1/auth/step-up/challenge'));
  return { passkey: await askPasskey(passkeyOptions ?? {}) };
}

const PROVIDER = '/v1/auth/step-up/identity-provider';

async function byProvider(): Promise<Schemas['StepUpAnswer']> {
  const answer = await answerOfProvider(
    async () => (await dataOf(client.POST(PROVIDER, { body: {} }))).authorizationUrl,
  );
  return dataOf(client.POST(`${PROVIDER}/complete`, { body: answer }));
}

/**
 * Steps up the session.
 * @param typed the password or the code; empty for a passkey, and for a new sign-in at the identity provider
 * @throws ChanceryError `PASSWORD_INVALID`, `FACTOR_INVALID`, `TOO_MANY_ATTEMPTS`, `IDENTITY_REJECTED`
 * @throws DOMException where the person gave no passkey
 */
export async function stepUpBy(method: StepUpMethod, typed: string): Promise<StepUp> {
  const { stepUpToken, expiresIn } =
    method === 'provider'
      ? await byProvider()
      : await dataOf(client.POST('/v1/auth/step-up', { body: await proofBy(method, typed) }));
  return { method, header: { 'X-Step-Up': stepUpToken }, expiresInSeconds: expiresIn };
}
