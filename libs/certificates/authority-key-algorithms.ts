import type { KeyObject } from 'node:crypto';

import { DomainError, type Secret } from '#core';
import { type AlgorithmName, type RsaModulusBits, algorithm, keyFileErrors } from '#crypto';
import { readPrivateKeyPem } from '#pki';

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
 * Reads the PEM of a private key that came with a certificate, by the checks that hold for every imported key.
 * @throws INVALID_CA_KEY for what is none, is of a kind that is not accepted, whose halves do not belong together, or
 *   that the passphrase does not open; WEAK_KEY
 */
export async function readAuthorityKey(pem: Secret, passphrase: Secret | undefined): Promise<KeyObject> {
  const key = await readPrivateKeyPem(pem.reveal(), passphrase?.reveal()).catch((error: unknown) => {
    const unusable = error instanceof DomainError && error.code !== keyFileErrors.WEAK_KEY.code;
    throw unusable ? authorityErrors.INVALID_CA_KEY(error.message) : error;
  });
  if (authorityKeyAlgorithmOf(key) === undefined) {
    throw authorityErrors.INVALID_CA_KEY(`One of ${authorityKeyAlgorithms.join(', ')} is expected`);
  }
  return key;
}
