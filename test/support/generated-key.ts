import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AlgorithmName, type GeneratedKey, algorithm } from '#crypto';

let rsaKey: Promise<GeneratedKey> | undefined;

/**
 * A key for an algorithm, for tests to which it does not matter whether it is a fresh one. An RSA key (of 2048 bits)
 * takes a tenth of a second to generate, so that all RSA algorithms share one in each process of tests.
 */
export const generatedKey = (name: AlgorithmName): Promise<GeneratedKey> =>
  algorithm(name).kind === 'rsa' ? (rsaKey ??= algorithm(name).generate(2048)) : algorithm(name).generate();

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsaPairs = new Map<number, KeyPair>();

/**
 * A key pair by its curve, or by the bits of its RSA modulus: for the same reason, RSA pairs of one length share one in each process
 * of tests, and that of 4096 bits, which takes seconds, is in a file.
 */
export function keyPair(kind: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | number): KeyPair {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (typeof kind === 'string') return generateKeyPairSync('ec', { namedCurve: kind });
  const pair = rsaPairs.get(kind) ?? rsaPair(kind);
  rsaPairs.set(kind, pair);
  return pair;
}

function rsaPair(modulusLength: number): KeyPair {
  if (modulusLength !== 4096) return generateKeyPairSync('rsa', { modulusLength });
  const privateKey = createPrivateKey(readFileSync(join(import.meta.dirname, 'rsa-4096.pem')));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
