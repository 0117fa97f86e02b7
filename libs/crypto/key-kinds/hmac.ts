import { type KeyObject, createHmac, createSecretKey, generateKey, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { AlgorithmRow, HashBits } from '../algorithm.js';
import { decodeBase64Url } from '../encodings.js';
import { HASHES, type SignatureMistake, type Signed } from '../signature-mistake.js';
import type { KeyKind, SecretEncoding, UncheckedKey } from './key-kind.js';

const generateSecret = promisify(generateKey);

// A longer secret than any hash's block adds nothing and costs on every signature.
const HMAC_LONGEST_BYTES = 512;

/** HMAC (RFC 7518 §3.2). */
export function hmacAlgorithm(hashBits: HashBits): AlgorithmRow & { readonly kind: 'hmac' } {
  const digest = `sha${hashBits}`;
  const compute = (data: Buffer, key: KeyObject): Buffer => createHmac(digest, key).update(data).digest();
  const fits = (key: KeyObject): boolean => {
    const bytes = key.symmetricKeySize ?? 0;
    return key.type === 'secret' && bytes > 0 && bytes <= HMAC_LONGEST_BYTES;
  };
  return {
    kind: 'hmac',
    symmetric: true,
    title: `HMAC with SHA-${hashBits}`,
    reference: 'RFC 7518 §3.2',
    aliases: [],
    scheme: undefined,
    mistakes: mistakes(digest),
    generate: async () => {
      const key = await generateSecret('hmac', { length: hashBits });
      return { signingKey: key, verifyingKey: key };
    },
    sign: compute,
    verify: (data, signature, key) => {
      const expected = compute(data, key);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
    signatureMilliseconds: () => 0,
    generationMilliseconds: () => 0,
    fits,
    // RFC 7518 §3.2: "a key of the same size as the hash output or larger MUST be used".
    accepts: (key) => fits(key) && (key.symmetricKeySize ?? 0) >= hashBits / 8,
  };
}

/** Whether the HMAC under other bytes than the secret's explains the signature. */
const underSecret =
  (hash: string, secretsOf: (secret: Buffer) => readonly Buffer[]) =>
  ({ data, signature }: Signed, key: KeyObject): boolean =>
    secretsOf(key.export()).some((secret) => {
      const computed = createHmac(hash, secret).update(data).digest();
      return computed.length === signature.length && timingSafeEqual(computed, signature);
    });

const texts = (...values: readonly string[]): Buffer[] => values.map((value) => Buffer.from(value));

function mistakes(hash: string): SignatureMistake[] {
  const base64s = (secret: Buffer): string[] => {
    const base64 = secret.toString('base64');
    return [base64, base64.replace(/=+$/, ''), secret.toString('base64url')];
  };
  return [
    {
      cause: 'RAW_SECRET_INSTEAD_OF_DECODED',
      detail: 'The Base64 text of the secret was used as the key: decode it first',
      explains: underSecret(hash, (secret) => base64s(secret).flatMap((text) => texts(text, `${text}\n`))),
    },
    {
      cause: 'DECODED_SECRET_INSTEAD_OF_RAW',
      detail: 'The secret was decoded as Base64; its text itself is the key',
      explains: underSecret(hash, (secret) => [Buffer.from(secret.toString(), 'base64')]),
    },
    {
      cause: 'HEX_SECRET',
      detail: 'The secret was taken as hexadecimal text, or decoded from it',
      explains: underSecret(hash, (secret) => [
        ...texts(secret.toString('hex'), secret.toString('hex').toUpperCase()),
        Buffer.from(secret.toString(), 'hex'),
      ]),
    },
    {
      cause: 'SECRET_WITH_BLANKS',
      detail: 'A line end or a blank was used as a part of the secret, or one that belongs to it was cut off',
      explains: underSecret(hash, (secret) => [
        ...['\n', '\r\n', ' '].map((end) => Buffer.concat([secret, Buffer.from(end)])),
        ...texts(secret.toString().trim()),
      ]),
    },
    ...HASHES.filter((tried) => tried !== hash).map((tried) => ({
      cause: 'WRONG_HASH',
      detail: `The signature was made with HMAC ${tried.toUpperCase()}; ${hash.toUpperCase()} is expected`,
      explains: underSecret(tried, (secret) => [secret]),
    })),
    {
      cause: 'HEX_SIGNATURE',
      detail: 'The signature is the hexadecimal text of the HMAC: encode its bytes',
      explains: ({ data, signature }, key) => {
        const hex = createHmac(hash, key).update(data).digest('hex');
        return signature.toString('latin1').toLowerCase() === hex;
      },
    },
  ];
}

/** A shared secret of these bytes. */
export const sharedSecret = (bytes: Buffer, secretEncoding: SecretEncoding): UncheckedKey => ({
  kind: 'hmac',
  secretEncoding,
  check: () => createSecretKey(bytes),
});

export const hmac = {
  kty: 'oct',
  thumbprintMembers: ['k', 'kty'],
  privateMembers: ['k'],
  symmetric: true,
  keyTypes: ['secret'],
  probeDigest: null,
  readJwk: ({ k }) => sharedSecret(decodeBase64Url(k), 'base64'),
  publicKeyRules: [],
  objectionsTo: () => [],
  certificateSignatures: [],
  certificateSignatureOf: () => undefined,
  authorityKeys: {},
  holderAlgorithms: [],
  ofTrustedIssuers: false,
} as const satisfies KeyKind;
