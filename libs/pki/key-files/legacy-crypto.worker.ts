// Runs on a thread of its own (`legacy-crypto.ts`), from the source as well as from the build: imports packages only.
import { createHash, hash } from 'node:crypto';

import forge from 'node-forge';

/** How an old scheme makes a key of a passphrase. */
export type DerivationTask =
  /** RFC 7292 appendix B.2; `purpose` is 1 for a key, 2 for an initialisation vector, 3 for a MAC key. */
  | (Derivation & { readonly by: 'pkcs12'; readonly purpose: 1 | 2 | 3; readonly passphrase: string | null })
  /** PBKDF1 (RFC 8018 §5.1). */
  | (Derivation & { readonly by: 'pbkdf1'; readonly passphrase: string });

interface Derivation {
  /** As `node:crypto` calls it. */
  readonly digest: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly bytes: number;
}

export interface DecryptionTask {
  readonly cipher: 'des' | 'rc2';
  readonly key: Uint8Array;
  /** Of RC2 (RFC 2268 §2). */
  readonly effectiveBits: number;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
}

/** The key; its cost was bounded by the caller. */
export function derive(task: DerivationTask): Uint8Array {
  const { digest, salt, iterations, bytes } = task;
  if (task.by === 'pbkdf1') {
    let block = createHash(digest).update(task.passphrase).update(salt).digest();
    for (let round = 1; round < iterations; round += 1) block = hash(digest, block, 'buffer');
    return block.subarray(0, bytes);
  }
  const buffer = forge.util.createBuffer(binary(salt));
  return octets(
    library.pki.pbe.generatePkcs12Key(task.passphrase, buffer, task.purpose, iterations, bytes, messageDigest(digest)),
  );
}

/** What was encrypted; `undefined` where the padding shows that the key was another one. */
export function decrypt({ cipher, key, effectiveBits, iv, data }: DecryptionTask): Uint8Array | undefined {
  const decryption =
    cipher === 'des'
      ? library.des.createDecryptionCipher(binary(key))
      : library.rc2.createDecryptionCipher(binary(key), effectiveBits);
  decryption.start(binary(iv), null);
  decryption.update(forge.util.createBuffer(binary(data)));
  return decryption.finish() ? octets(decryption.output) : undefined;
}

/** What is used of node-forge, whose own declarations lack it. */
interface Library {
  readonly pki: {
    readonly pbe: {
      generatePkcs12Key(
        passphrase: string | null,
        salt: forge.util.ByteStringBuffer,
        purpose: number,
        iterations: number,
        bytes: number,
        digest: object,
      ): forge.util.ByteStringBuffer;
    };
  };
  readonly des: { createDecryptionCipher(key: string): Decryption };
  readonly rc2: { createDecryptionCipher(key: string, effectiveBits: number): Decryption };
}

interface Decryption {
  readonly output: forge.util.ByteStringBuffer;
  start(iv: string, output: null): void;
  update(data: forge.util.ByteStringBuffer): void;
  finish(): boolean;
}

const library = forge as unknown as Library;

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const octets = (buffer: forge.util.ByteStringBuffer): Uint8Array => Buffer.from(buffer.getBytes(), 'latin1');

/** The blocks of the hashes whose blocks are not of 64 bytes: of SHA-3 the rate (FIPS 202 §6.1). */
const BLOCK_BYTES: ReadonlyMap<string, number> = new Map([
  ['sha384', 128],
  ['sha512', 128],
  ['sha512-224', 128],
  ['sha512-256', 128],
  ['sha3-224', 144],
  ['sha3-256', 136],
  ['sha3-384', 104],
  ['sha3-512', 72],
]);

/** A hash of `node:crypto` in the form that node-forge wants: its own SHA-512 is four times as slow, and it has no SHA-224. */
function messageDigest(name: string): object {
  let data = '';
  const digest = {
    blockLength: BLOCK_BYTES.get(name) ?? 64,
    digestLength: hash(name, '', 'buffer').length,
    start: () => {
      data = '';
      return digest;
    },
    update: (bytes: string) => {
      data += bytes;
      return digest;
    },
    digest: () => forge.util.createBuffer(hash(name, Buffer.from(data, 'latin1'), 'latin1' as 'hex')),
  };
  return digest;
}
