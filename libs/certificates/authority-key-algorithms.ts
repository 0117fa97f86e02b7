import { type KeyObject, createPrivateKey } from 'node:crypto';

import type { Secret } from '#core';
import { type AlgorithmName, type RsaModulusBits, algorithm, isConsistentPair } from '#crypto';

import { authorityErrors } from './errors.js';

interface KeyRow {
  /** How such a key is made. */
  readonly algorithm: AlgorithmName;
  readonly modulusBits?: RsaModulusBits;
}

/** The keys that an authority may have; adding one is one row. */
const table = {
  'RSA-2048': { algorithm: 'RS256', modulusBits: 2048 },
  'RSA-3072': { algorithm: 'RS256', modulusBits: 3072 },
  'RSA-4096': { algorithm: 'RS256', modulusBits: 4096 },
  'P-256': { algorithm: 'ES256' },
  'P-384': { algorithm: 'ES384' },
} as const satisfies Record<string, KeyRow>;

export type AuthorityKeyAlgorithm = keyof typeof table;
export const authorityKeyAlgorithms = Object.keys(table) as AuthorityKeyAlgorithm[];

const rows: Readonly<Record<AuthorityKeyAlgorithm, KeyRow>> = table;

/** A new private key of that kind. */
export async function generateAuthorityKey(name: AuthorityKeyAlgorithm): Promise<KeyObject> {
  const row = rows[name];
  return (await algorithm(row.algorithm).generate(row.modulusBits)).signingKey;
}

/** Which kind a private key is of. An RSA modulus between two sizes counts as the smaller one. */
export function authorityKeyAlgorithmOf(key: KeyObject): AuthorityKeyAlgorithm | undefined {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return authorityKeyAlgorithms
    .filter((name) => algorithm(rows[name].algorithm).accepts(key) && modulusLength >= (rows[name].modulusBits ?? 0))
    .at(-1);
}

/**
 * Reads the PEM of a private key that came with a certificate.
 * @throws INVALID_CA_KEY for what is none, is of a kind that is not accepted, or whose halves do not belong together
 */
export function readAuthorityKey(pem: Secret, passphrase: Secret | undefined): KeyObject {
  const key = readPrivateKey(pem, passphrase);
  if (authorityKeyAlgorithmOf(key) === undefined) {
    throw authorityErrors.INVALID_CA_KEY(`One of ${authorityKeyAlgorithms.join(', ')} is expected`);
  }
  if (!isConsistentPair(key)) throw authorityErrors.INVALID_CA_KEY('The halves of the key do not belong together');
  return key;
}

function readPrivateKey(pem: Secret, passphrase: Secret | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem.reveal(), format: 'pem', passphrase: passphrase?.reveal() ?? '' });
  } catch {
    // OpenSSL's own reasons may repeat the input.
    throw authorityErrors.INVALID_CA_KEY('The text is no private key in PEM, or the passphrase is not its own');
  }
}
