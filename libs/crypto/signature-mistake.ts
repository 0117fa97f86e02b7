import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';

/** What was signed, and with what result. */
export interface Signed {
  readonly data: Buffer;
  readonly signature: Buffer;
}

/** One mistake that signers make, and the test whether this is it. */
export interface SignatureMistake {
  readonly cause: string;
  readonly detail: string;
  readonly explains: (signed: Signed, key: KeyObject) => boolean;
}

/** Hashes that are signed with by mistake, as `node:crypto` calls them. */
export const HASHES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;

/** Whether the signature holds. OpenSSL throws for what cannot even be tried, such as a hash too long for a small modulus. */
export function holds(hash: string, { data, signature }: Signed, options: VerifyKeyObjectInput): boolean {
  try {
    return verify(hash, data, options, signature);
  } catch {
    return false;
  }
}
