import type { KeyObject } from 'node:crypto';

import { DomainError, type Secret } from '#core';
import {
  type Algorithm,
  type AlgorithmName,
  type AuthorityKeyAlgorithm,
  type AuthorityKeyRow,
  type CpuQueue,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  algorithm,
  allKeyKinds,
  keyFileErrors,
} from '#crypto';
import { readPrivateKeyPem } from '#pki';

import { authorityErrors } from './errors.js';

/** The keys that an authority may have, and how each is generated. */
const rows = Object.fromEntries(allKeyKinds.flatMap(({ authorityKeys }) => Object.entries(authorityKeys))) as Readonly<
  Record<AuthorityKeyAlgorithm, AuthorityKeyRow>
>;
export const authorityKeyAlgorithms = Object.keys(rows) as AuthorityKeyAlgorithm[];

/** The same kinds by the JOSE names of their algorithms, which other APIs of the server use; RSA has its default size. */
export const authorityKeysByJoseName: ReadonlyMap<string, AuthorityKeyAlgorithm> = new Map(
  authorityKeyAlgorithms
    .filter((name) => (rows[name].modulusBits ?? RSA_MODULUS_BITS_DEFAULT) === RSA_MODULUS_BITS_DEFAULT)
    .map((name) => [rows[name].algorithm, name]),
);

const algorithmOf = (name: AuthorityKeyAlgorithm): Algorithm => algorithm(rows[name].algorithm as AlgorithmName);

/** The algorithm and size to generate. */
export function authorityKeyRequest(name: AuthorityKeyAlgorithm): {
  readonly algorithm: AlgorithmName;
  readonly modulusBits: RsaModulusBits | undefined;
} {
  const { algorithm: algorithmName, modulusBits } = rows[name];
  return { algorithm: algorithmName as AlgorithmName, modulusBits };
}

/** Generates a private key of that kind. @param tenantId whose turn it uses @throws BUSY */
export async function generateAuthorityKey(
  cpu: CpuQueue,
  tenantId: string,
  name: AuthorityKeyAlgorithm,
): Promise<KeyObject> {
  const { algorithm: algorithmName, modulusBits } = authorityKeyRequest(name);
  return (await cpu.generate(tenantId, algorithmName, { modulusBits })).signingKey;
}

/** The kind of a private key; `undefined` if authorities cannot have it. An RSA modulus between two sizes counts as the smaller one. */
export function authorityKeyAlgorithmOf(key: KeyObject): AuthorityKeyAlgorithm | undefined {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return authorityKeyAlgorithms
    .filter((name) => algorithmOf(name).accepts(key) && modulusLength >= (rows[name].modulusBits ?? 0))
    .at(-1);
}

/**
 * Reads the PEM of a private key that came with a certificate, by the checks that hold for every imported key.
 * @throws INVALID_CA_KEY if it is not a key, not of an accepted kind, its halves do not match, or the passphrase is wrong;
 *   WEAK_KEY
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
