import { type PrivateKeyParts, cryptoErrors, decodeWrappedBase64, keyFileErrors } from '#crypto';
import { type Asn1Value, readAsn1 } from './asn1.js';
import { openEncryptedPrivateKey, openLegacyPem, readDecrypted, sealPrivateKey } from './password-based-encryption.js';
import { readPkcs1, readPkcs8, readSec1 } from './pkcs.js';

interface PemBlock {
  readonly label: string;
  /** Of RFC 1421; only OpenSSL's own encryption still has them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
}

/** What a private key's file may hold beside it. */
const COMPANIONS: ReadonlySet<string> = new Set(['EC PARAMETERS', 'CERTIFICATE', 'PUBLIC KEY']);

/**
 * A private key in PEM (RFC 7468): PKCS#8, PKCS#1 or SEC 1, in the clear or encrypted. Text around the blocks is
 * allowed, as `openssl` writes it; a second private key is not.
 * @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID
 */
export async function readPem(text: string, passphrase: string | undefined): Promise<PrivateKeyParts> {
  const candidates = pemBlocks(text).filter(({ label }) => !COMPANIONS.has(label));
  const [block] = candidates;
  if (!block || candidates.length > 1) throw cryptoErrors.INVALID_KEY('The text does not hold exactly one private key');
  const { label, headers, bytes } = block;
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return readDecrypted(await openEncryptedPrivateKey(readAsn1(bytes), required(passphrase)), readPkcs8);
  }
  const read = READERS.get(label);
  if (!read) throw cryptoErrors.INVALID_KEY('The text does not hold a private key');
  const dekInfo = headers.get('DEK-Info');
  if (dekInfo === undefined) return read(readAsn1(bytes));
  return readDecrypted(openLegacyPem(dekInfo, bytes, required(passphrase)), read);
}

const READERS: ReadonlyMap<string, (value: Asn1Value) => PrivateKeyParts> = new Map([
  ['PRIVATE KEY', readPkcs8],
  ['RSA PRIVATE KEY', readPkcs1],
  ['EC PRIVATE KEY', (value: Asn1Value) => readSec1(value)],
]);

function required(passphrase: string | undefined): string {
  if (passphrase === undefined) throw keyFileErrors.PASSPHRASE_REQUIRED();
  return passphrase;
}

/** Encrypted PKCS#8 (RFC 5958 §3). */
export async function writePem(pkcs8: Buffer, passphrase: string, iterations?: number): Promise<string> {
  const lines = (await sealPrivateKey(pkcs8, passphrase, iterations)).toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join('\n');
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** Every block of the text, in one pass. @throws INVALID_KEY for one without end */
function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let position = text.indexOf(BEGIN);
  while (position !== -1) {
    const labelEnd = text.indexOf(DASHES, position + BEGIN.length);
    const label = text.slice(position + BEGIN.length, labelEnd);
    const bodyStart = labelEnd + DASHES.length;
    const ending = `-----END ${label}-----`;
    const bodyEnd = text.indexOf(ending, bodyStart);
    if (labelEnd === -1 || bodyEnd === -1 || !/^[A-Z0-9 ]{1,40}$/.test(label)) {
      throw cryptoErrors.INVALID_KEY('A PEM block is not complete');
    }
    blocks.push({ label, ...readBody(text.slice(bodyStart, bodyEnd)) });
    position = text.indexOf(BEGIN, bodyEnd + ending.length);
  }
  return blocks;
}

function readBody(body: string): Omit<PemBlock, 'label'> {
  const lines = body.split(/\r\n|\n|\r/).map((line) => line.trim());
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z-]+): *(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers.set(name, value);
  }
  return { headers, bytes: decodeWrappedBase64(lines.filter((line) => !line.includes(':')).join('')) };
}
