import type { AuthenticationResponseJSON, RegistrationResponseJSON, WebAuthnCredential } from '@simplewebauthn/server';

import type { Json } from '#core';

import { factorErrors } from '../errors.js';
import type { RelyingParty } from '../relying-party.js';
import type { Circumstances, FactorKind, Material } from './factor-kind.js';

/** Loaded with the first passkey: most of what a start takes is loading. */
export const webAuthn = () => import('@simplewebauthn/server');

/** COSE algorithms (IANA): ES256, EdDSA, RS256. */
const ALGORITHMS = [-7, -8, -257];
/** What fits into the column; a device that counts further is no longer checked for copies. */
const COUNTER_MAX = 2 ** 31 - 1;
export const PASSKEY_TIMEOUT_MILLISECONDS = 5 * 60_000;

/** WebAuthn Level 3 §7.1, step 25. */
const CREDENTIAL_ID_BYTES_MAX = 1023;
/** How a browser reaches a device (WebAuthn Level 3 §5.8.4). */
const TRANSPORTS: readonly string[] = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

/** What is kept of a passkey; binary values in base64url. */
interface StoredPasskey {
  readonly credentialId: string;
  readonly publicKey: string;
  readonly transports: readonly string[];
}

const storedIn = ({ material }: Material): StoredPasskey => JSON.parse(material.toString('utf8')) as StoredPasskey;

/** The ids and transports of passkeys, as browsers take them. */
export const descriptorsOf = (passkeys: readonly Material[]) =>
  passkeys.map(storedIn).map(({ credentialId: id, transports }) => ({ id, transports: [...transports] }));

/** @throws PASSKEYS_UNAVAILABLE */
function requireRelyingParty(relyingParty: RelyingParty | undefined): RelyingParty {
  if (!relyingParty) throw factorErrors.PASSKEYS_UNAVAILABLE();
  return relyingParty;
}

const expectationsOf = (challenge: string, { id, origin }: RelyingParty) => ({
  expectedChallenge: challenge,
  expectedOrigin: origin,
  expectedRPID: id,
  requireUserVerification: true,
});

/** The library throws for what it rejects; each text of it would tell a stranger how far the proof came. */
async function orUndefined<Value>(work: () => Promise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** The device says them, so that they may be anything: what no browser knows is not kept. */
const transportsOf = ({ transports }: WebAuthnCredential): readonly string[] =>
  TRANSPORTS.filter((known) => (transports as readonly string[] | undefined)?.includes(known));

async function confirm(proof: Json, challenge: string, party: RelyingParty): Promise<Material | undefined> {
  const { verified, registrationInfo } = await (
    await webAuthn()
  ).verifyRegistrationResponse({
    ...expectationsOf(challenge, party),
    response: proof as unknown as RegistrationResponseJSON,
    supportedAlgorithmIDs: ALGORITHMS,
  });
  if (!verified) return undefined;
  const { id, publicKey, counter } = registrationInfo.credential;
  if (Buffer.from(id, 'base64url').length > CREDENTIAL_ID_BYTES_MAX) return undefined;
  const stored: StoredPasskey = {
    credentialId: id,
    publicKey: Buffer.from(publicKey).toString('base64url'),
    transports: transportsOf(registrationInfo.credential),
  };
  return { material: Buffer.from(JSON.stringify(stored)), counter: Math.min(counter, COUNTER_MAX) };
}

async function verify(
  factor: Material,
  proof: Json,
  challenge: string,
  party: RelyingParty,
): Promise<number | undefined> {
  const { credentialId, publicKey } = storedIn(factor);
  const response = proof as unknown as AuthenticationResponseJSON;
  if (response.id !== credentialId) return undefined;
  const credential: WebAuthnCredential = {
    id: credentialId,
    publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
    counter: factor.counter,
  };
  const { verified, authenticationInfo } = await (
    await webAuthn()
  ).verifyAuthenticationResponse({
    ...expectationsOf(challenge, party),
    response,
    credential,
  });
  return verified ? Math.min(authenticationInfo.newCounter, COUNTER_MAX) : undefined;
}

const challengeBytes = ({ challenge }: Circumstances) => new Uint8Array(Buffer.from(challenge, 'base64url'));

/** A key pair on a device of the person, which asks for a finger, a face or a PIN (WebAuthn Level 3). */
export const passkey: FactorKind = {
  enrol: async ({ userId, email }, others, circumstances) => {
    const { id } = requireRelyingParty(circumstances.relyingParty);
    const options = await (
      await webAuthn()
    ).generateRegistrationOptions({
      rpName: 'Chancery',
      rpID: id,
      userName: email,
      userID: new Uint8Array(Buffer.from(userId)),
      challenge: challengeBytes(circumstances),
      timeout: PASSKEY_TIMEOUT_MILLISECONDS,
      attestationType: 'none',
      excludeCredentials: descriptorsOf(others),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return { material: null, shown: options as unknown as Json };
  },
  confirm: async (_, proof, { challenge, relyingParty }) =>
    relyingParty && orUndefined(() => confirm(proof, challenge, relyingParty)),
  verify: async (factor, proof, { challenge, relyingParty }) =>
    relyingParty && orUndefined(() => verify(factor, proof, challenge, relyingParty)),
};
