import { type UncheckedKey, allKeyKinds, cryptoErrors, keyFileErrors } from '#crypto';
import { type DerNode, parseBer, readPemBlocks, toPem } from '#asn1';
import { foreignLabel, noPrivateKey } from './foreign-keys.js';
import {
  decryptPemBlock,
  decryptPrivateKeyInfo,
  encryptPrivateKeyInfo,
  readDecrypted,
} from './password-based-encryption.js';
import { readPkcs8 } from './pkcs8.js';

/** Every label of a private key, read or not. Certificates, requests, parameters and public halves may be beside it. */
const PRIVATE_KEY = /PRIVATE KEY|KEY BLOB/;

/**
 * A private key in PEM (RFC 7468): PKCS#8, PKCS#1 or SEC 1, in the clear or encrypted. Text around the blocks is
 * allowed, as `openssl` writes it, and so is every block that is no private key; a second private key is not.
 * @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID, BUSY; DerError
 */
export async function readPemKey(text: string, passphrase: string | undefined): Promise<UncheckedKey> {
  const blocks = readPemBlocks(text);
  const [block, ...others] = blocks.filter(({ label }) => PRIVATE_KEY.test(label));
  if (!block)
    throw noPrivateKey(
      text,
      blocks.map((other) => other.label),
    );
  if (others.length > 0) throw cryptoErrors.INVALID_KEY('The text does not hold exactly one private key, but several');
  const { label, headers, bytes } = block;
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return readDecrypted(await decryptPrivateKeyInfo(parseBer(bytes), required(passphrase)), readPkcs8);
  }
  const read = READERS.get(label);
  if (!read) throw foreignLabel(label);
  const dekInfo = headers.get('DEK-Info');
  if (dekInfo === undefined) return read(parseBer(bytes));
  return readDecrypted(await decryptPemBlock(dekInfo, bytes, required(passphrase)), read);
}

const READERS: ReadonlyMap<string, (node: DerNode) => UncheckedKey> = new Map([
  ['PRIVATE KEY', readPkcs8],
  ...allKeyKinds.flatMap(({ traditional }) => (traditional ? [[traditional.pemLabel, traditional.read] as const] : [])),
]);

function required(passphrase: string | undefined): string {
  if (passphrase === undefined) throw keyFileErrors.PASSPHRASE_REQUIRED();
  return passphrase;
}

/** Encrypted PKCS#8 (RFC 5958 §3). */
export const writePemKey = async (pkcs8: Buffer, passphrase: string, iterations?: number): Promise<string> =>
  toPem('ENCRYPTED PRIVATE KEY', await encryptPrivateKeyInfo(pkcs8, passphrase, iterations));
