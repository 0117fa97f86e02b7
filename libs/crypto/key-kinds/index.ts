import type { KeyObject } from 'node:crypto';

import { akp } from './akp.js';
import { ec } from './ec.js';
import { hmac } from './hmac.js';
import type { KeyKind } from './key-kind.js';
import { okp } from './okp.js';
import { rsa } from './rsa.js';

/**
 * Every kind of key: RSA and RSA-PSS, elliptic curve, octet key pair (RFC 8037), shared secret, algorithm key pair
 * (ML-DSA). Adding one is one file and one line here; its algorithms are rows of `algorithms.ts`.
 */
const table = { rsa, ec, okp, hmac, akp } as const satisfies Record<string, KeyKind>;

export type AlgorithmKind = keyof typeof table;
export const keyKinds: Readonly<Record<AlgorithmKind, KeyKind>> = table;
export const allKeyKinds: readonly KeyKind[] = Object.values(keyKinds);
export const keyKindNames = Object.keys(table) as AlgorithmKind[];

type Kinds = typeof table;
/** The names in `authorityKeys` of all kinds. */
export type AuthorityKeyAlgorithm = {
  [Kind in AlgorithmKind]: keyof Kinds[Kind]['authorityKeys'] & string;
}[AlgorithmKind];

/** The kind of a key; `undefined` for one of a type that no algorithm here uses. */
export const kindOfKey = (key: KeyObject): KeyKind | undefined =>
  allKeyKinds.find(({ keyTypes }) => keyTypes.includes(key.asymmetricKeyType ?? key.type));
