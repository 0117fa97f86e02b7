import {
  ECDH,
  type JsonWebKey,
  type KeyObject,
  createECDH,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
} from 'node:crypto';
import { type AlgorithmName, CURVES, algorithm, verifyingKeyOf } from '../algorithms.js';
import { cryptoErrors } from '../errors.js';
import { keyFileErrors } from './errors.js';
import type { PrivateKeyParts } from './private-key-parts.js';
import { RSA_NUMBER_NAMES, checkRsaNumbers } from './rsa-checks.js';
import { fromBigInt } from './text-encodings.js';

type PartsOf<Kind extends PrivateKeyParts['kind']> = Extract<PrivateKeyParts, { kind: Kind }>;

/** How the parts of each kind of key become a key, once all that they say about each other is true. */
const CHECKS: { readonly [Kind in PrivateKeyParts['kind']]: (parts: PartsOf<Kind>) => Promise<KeyObject> | KeyObject } =
  {
    rsa: async ({ numbers }) => {
      await checkRsaNumbers(numbers);
      const members = RSA_NUMBER_NAMES.map((name) => [name, fromBigInt(numbers[name]).toString('base64url')]);
      return fromJwk({ kty: 'RSA', ...Object.fromEntries(members) });
    },
    ec: ({ curve, scalar, point }) => {
      const { curve: crv } = Object.values(CURVES).find(({ namedCurve }) => namedCurve === curve)!;
      const bytes = Math.ceil(Number(crv.slice(2)) / 8);
      if (scalar.length > bytes) throw scalarOutOfRange();
      const d = Buffer.concat([Buffer.alloc(bytes - scalar.length), scalar]);
      const own = publicPoint(curve, d);
      if (point && !uncompressed(curve, point).equals(own)) throw foreignPublicHalf();
      // A scalar of half the length is found in half the work; by chance there is none.
      if (d.subarray(0, Math.floor(bytes / 2)).every((byte) => byte === 0)) {
        throw keyFileErrors.WEAK_KEY('The private number of the key is too short');
      }
      const [x, y] = [own.subarray(1, 1 + bytes), own.subarray(1 + bytes)];
      const [xText, yText, dText] = [x, y, d].map((member) => member.toString('base64url'));
      return fromJwk({ kty: 'EC', crv, x: xText!, y: yText!, d: dText! });
    },
    okp: ({ seed, publicKey }) => {
      if (seed.length !== ED25519_BYTES) throw cryptoErrors.INVALID_KEY('An Ed25519 private key has 32 bytes');
      const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
      const own = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-ED25519_BYTES);
      if (publicKey && !publicKey.equals(own)) throw foreignPublicHalf();
      return key;
    },
    akp: ({ key }) => key,
    hmac: ({ bytes }) => createSecretKey(bytes),
  };

/** OpenSSL has limits of its own; its messages may quote what it read. */
function fromJwk(jwk: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw cryptoErrors.INVALID_KEY();
  }
}

const ED25519_BYTES = 32;
/** What stands before the 32 bytes of a key in PKCS#8 (RFC 8410 §7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const scalarOutOfRange = (): Error =>
  cryptoErrors.INVALID_KEY('The private number of the key is not in the range of its curve');
const foreignPublicHalf = (): Error =>
  keyFileErrors.INCONSISTENT_KEY('The public half that the file states is not that of its private key');

function publicPoint(curve: string, scalar: Buffer): Buffer {
  const pair = createECDH(curve);
  try {
    pair.setPrivateKey(scalar);
    return pair.getPublicKey();
  } catch {
    throw scalarOutOfRange();
  }
}

function uncompressed(curve: string, point: Buffer): Buffer {
  try {
    return ECDH.convertKey(point, curve, undefined, undefined, 'uncompressed') as Buffer;
  } catch {
    throw cryptoErrors.INVALID_KEY('The public half of the key is no point on its curve');
  }
}

/** A key that may be stored. */
export interface CheckedKey {
  /** Private key or shared secret. */
  readonly signingKey: KeyObject;
  /** Below what generation gives, but tolerated: RSA of 1024 to 2047 bits, a secret shorter than its hash. */
  readonly weak: boolean;
}

const PROBE = Buffer.from('a key that was imported signs this, and its public half verifies it');

/**
 * The private key or secret that the parts make, once the numbers are proven to belong together.
 * @throws INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY
 */
export const checkParts = (parts: PrivateKeyParts): Promise<KeyObject> =>
  (CHECKS[parts.kind] as (parts: PrivateKeyParts) => Promise<KeyObject>)(parts);

/**
 * Accepts a key only after arithmetic and a signature.
 * @throws INVALID_KEY also for a key of another algorithm; WEAK_KEY, INCONSISTENT_KEY
 */
export async function checkKey(parts: PrivateKeyParts, name: AlgorithmName): Promise<CheckedKey> {
  const row = algorithm(name);
  if (row.kind !== parts.kind) throw notFor(name);
  const signingKey = await checkParts(parts);
  if (!row.fits(signingKey)) throw notFor(name);
  const verified = await row.verify(PROBE, await row.sign(PROBE, signingKey), verifyingKeyOf(signingKey));
  if (!verified) throw keyFileErrors.INCONSISTENT_KEY('What the key signs does not verify');
  return { signingKey, weak: !row.accepts(signingKey) };
}

const notFor = (name: AlgorithmName): Error => cryptoErrors.INVALID_KEY(`The key is not one for ${name}`);
