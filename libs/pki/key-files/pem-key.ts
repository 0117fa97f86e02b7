import { type UncheckedKey, allKeyKinds, cryptoErrors, keyFileErrors } from '#crypto';
import { type DerNode, parseBer, readPemBlocks, toPem } from '#asn1';
import {
  decryptPemBlock,
  decryptPrivateKeyInfo,
  encryptPrivateKeyInfo,
  readDecrypted,
} from './password-based-encryption.js';
import { readPkcs8 } from './pkcs8.js';

/** What a private key's file may hold beside it. */
const COMPANIONS: ReadonlySet<string> = new Set(['EC PARAMETERS', 'CERTIFICATE', 'PUBLIC KEY']);

/**
 * A private key in PEM (RFC 7468): PKCS#8, PKCS#1 or SEC 1, in the clear or encrypted. Text around the blocks is
 * allowed, as `openssl` writes it; a second private key is not.
 * @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID, BUSY; DerError
 */
export async function readPemKey(text: string, passphrase: string | undefined): Promise<UncheckedKey> {
  const candidates = readPemBlocks(text).filter(({ label }) => !COMPANIONS.has(label));
  const [block] = candidates;
  if (!block || candidates.length > 1) throw cryptoErrors.INVALID_KEY('The text does not hold exactly one private key');
  const { label, headers, bytes } = block;
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return readDecrypted(await decryptPrivateKeyInfo(parseBer(bytes), required(passphrase)), readPkcs8);
  }
  const read = READERS.get(label);
  if (!read) throw cryptoErrors.INVALID_KEY('The text does not hold a private key');
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
