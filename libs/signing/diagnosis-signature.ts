import { type KeyObject, constants, createHash, createHmac, timingSafeEqual, verify } from 'node:crypto';

import { type AlgorithmName, algorithm } from '#crypto';

import type { Finding, VerifyingKey } from './token-format.js';

/** What was signed, and with what result. */
export interface Signed {
  readonly data: Buffer;
  readonly signature: Buffer;
}

/** One mistake that signers make, and the test whether this is it. */
interface Mistake {
  readonly cause: string;
  readonly detail: string;
  readonly explains: (signed: Signed, key: KeyObject) => boolean;
}

const HASHES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
const hashOf = (name: AlgorithmName): string => `sha${name.slice(2)}`;
const digest = (hash: string, data: Buffer): Buffer => createHash(hash).update(data).digest();

/** OpenSSL throws for what cannot even be tried, such as a hash that does not fit into a small modulus. */
function holds(hash: string, { data, signature }: Signed, options: Parameters<typeof verify>[2]): boolean {
  try {
    return verify(hash, data, options, signature);
  } catch {
    return false;
  }
}

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

function rsaMistakes(name: AlgorithmName): Mistake[] {
  const hash = hashOf(name);
  const isPss = name.startsWith('PS');
  const [expected, other] = isPss ? [PSS, PKCS1] : [PKCS1, PSS];
  return [
    {
      cause: isPss ? 'PKCS1_INSTEAD_OF_PSS' : 'PSS_INSTEAD_OF_PKCS1',
      detail: isPss
        ? 'The signature has PKCS#1 v1.5 padding; RSASSA-PSS is expected'
        : 'The signature has PSS padding; RSASSA-PKCS1-v1_5 is expected',
      explains: (signed, key) => HASHES.some((tried) => holds(tried, signed, { key, ...other })),
    },
    ...HASHES.filter((tried) => tried !== hash).map((tried) => ({
      cause: 'WRONG_HASH',
      detail: `The signature was made with ${tried.toUpperCase()}; ${hash.toUpperCase()} is expected`,
      explains: (signed: Signed, key: KeyObject) => holds(tried, signed, { key, ...expected }),
    })),
    {
      cause: 'HASHED_TWICE',
      detail: 'The hash was signed as if it were the data: hand the data itself to the signing function',
      explains: ({ data, signature }, key) =>
        [digest(hash, data), Buffer.from(digest(hash, data).toString('hex'))].some((hashed) =>
          holds(hash, { data: hashed, signature }, { key, ...expected }),
        ),
    },
    {
      cause: 'REVERSED_SIGNATURE',
      detail: 'The bytes of the signature are in reverse order, as some Windows interfaces give them',
      explains: ({ data, signature }, key) =>
        holds(hash, { data, signature: Buffer.from(signature).reverse() }, { key, ...expected }),
    },
  ];
}

function ecMistakes(name: AlgorithmName): Mistake[] {
  return [
    {
      cause: 'DER_SIGNATURE',
      detail: 'The signature is DER; JOSE wants R and S side by side (RFC 7518 §3.4)',
      explains: (signed, key) => holds(hashOf(name), signed, { key, dsaEncoding: 'der' }),
    },
  ];
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

function hmacMistakes(name: AlgorithmName): Mistake[] {
  const hash = hashOf(name);
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

const mistakesOf = (name: AlgorithmName): Mistake[] => {
  const { kind } = algorithm(name);
  if (kind === 'rsa') return rsaMistakes(name);
  if (kind === 'ec') return ecMistakes(name);
  return kind === 'hmac' ? hmacMistakes(name) : [];
};

/**
 * Finds out how a signature came about: by which key, or by which mistake.
 * @returns the key that really signed, or the finding that explains why none seems to have
 */
export async function diagnoseSignature(
  signed: Signed,
  keys: readonly VerifyingKey[],
): Promise<{ readonly signer: VerifyingKey } | { readonly finding: Finding }> {
  for (const key of keys) {
    if (await algorithm(key.algorithm).verify(signed.data, signed.signature, key.verifyingKey)) return { signer: key };
  }
  for (const { algorithm: name, verifyingKey } of keys) {
    const mistake = mistakesOf(name).find(({ explains }) => explains(signed, verifyingKey));
    if (mistake) return { finding: { cause: mistake.cause, detail: mistake.detail } };
  }
  const detail = 'No key of the profile made this signature, or the token was altered after it was signed';
  return { finding: { cause: 'SIGNED_BY_ANOTHER_KEY', detail } };
}
