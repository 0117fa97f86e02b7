import { KeyObject } from 'node:crypto';

import type { AlgorithmName } from './algorithms.js';

/** Signs bytes in the form of RFC 7518. @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
type StoreSignature = (name: AlgorithmName, data: Buffer) => Promise<Buffer>;

/** A key whose private half is in a key store and never in this process. */
export class StoredKey {
  constructor(
    readonly publicKey: KeyObject,
    readonly sign: StoreSignature,
  ) {}
}

/** What signs: a private key or a shared secret in this process, or a key of a store. */
export type SigningHalf = KeyObject | StoredKey;

/** What tells what kind of key it is: of a key in a store the public half, which has the same type, curve and modulus. */
export const describedBy = (half: SigningHalf): KeyObject => (half instanceof StoredKey ? half.publicKey : half);
