import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

import type { Shape } from './server.js';

/** What is wrong with an answer; by default nothing. */
export interface Deviations {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  /** Without the finger, the face or the PIN of the person. */
  readonly userVerified?: boolean;
  readonly signCount?: number;
  readonly signedBy?: KeyObject;
}

/** A device with one passkey (ES256), as a browser would speak with it: WebAuthn Level 3 without attestation. */
export interface Authenticator {
  create(options: Shape, deviations?: Deviations): object;
  get(options: Shape, deviations?: Deviations): object;
}

const PRESENT = 0x01;
const VERIFIED = 0x04;
const WITH_CREDENTIAL = 0x40;

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

/** COSE_Key of a P-256 point (RFC 9053 §7.1): kty EC2, alg ES256, crv P-256, x, y. */
function coseKey(publicKey: KeyObject): Buffer {
  const { x, y } = publicKey.export({ format: 'jwk' });
  const coordinate = (label: number, value: string) =>
    Buffer.concat([Buffer.from([label, 0x58, 32]), Buffer.from(value, 'base64url')]);
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]),
    coordinate(0x21, x!),
    coordinate(0x22, y!),
  ]);
}

const cborText = (text: string): Buffer => Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);

/** `{fmt: "none", attStmt: {}, authData}` in CBOR (RFC 8949). */
function attestationObject(authData: Buffer): Buffer {
  const length = Buffer.from([0x59, authData.length >> 8, authData.length & 0xff]);
  const members = [cborText('fmt'), cborText('none'), cborText('attStmt'), Buffer.from([0xa0]), cborText('authData')];
  return Buffer.concat([Buffer.from([0xa3]), ...members, length, authData]);
}

/**
 * @param origin of the page that uses it
 * @param credentialIdBytes length of the id that the device gives its passkey
 */
export function createAuthenticator(origin: string, credentialIdBytes = 16): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const credentialId = randomBytes(credentialIdBytes);
  let signatures = 0;

  const clientData = (type: string, options: Shape, deviations: Deviations): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: deviations.type ?? type,
        challenge: deviations.challenge ?? options['challenge'],
        origin: deviations.origin ?? origin,
        crossOrigin: false,
      }),
    );
  const authenticatorData = (rpId: string, flags: number, deviations: Deviations): Buffer => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(deviations.signCount ?? ++signatures);
    const verified = (deviations.userVerified ?? true) ? VERIFIED : 0;
    return Buffer.concat([sha256(deviations.rpId ?? rpId), Buffer.from([PRESENT | verified | flags]), count]);
  };
  const answer = (response: object): object => ({
    id: base64url(credentialId),
    rawId: base64url(credentialId),
    type: 'public-key',
    clientExtensionResults: {},
    response,
  });

  return {
    create: (options, deviations = {}) => {
      const clientDataJSON = clientData('webauthn.create', options, deviations);
      const authData = Buffer.concat([
        authenticatorData(options['rp']!['id']!, WITH_CREDENTIAL, deviations),
        Buffer.alloc(16),
        Buffer.from([credentialId.length >> 8, credentialId.length & 0xff]),
        credentialId,
        coseKey(publicKey),
      ]);
      return answer({
        clientDataJSON: base64url(clientDataJSON),
        attestationObject: base64url(attestationObject(authData)),
        transports: ['internal'],
      });
    },
    get: (options, deviations = {}) => {
      const clientDataJSON = clientData('webauthn.get', options, deviations);
      const data = authenticatorData(options['rpId']!, 0, deviations);
      const signed = Buffer.concat([data, sha256(clientDataJSON)]);
      return answer({
        clientDataJSON: base64url(clientDataJSON),
        authenticatorData: base64url(data),
        signature: base64url(sign('sha256', signed, deviations.signedBy ?? privateKey)),
      });
    },
  };
}
