import { hash } from 'node:crypto';
import { type UncheckedKey, cryptoErrors, keyFileErrors } from '#crypto';
import {
  DerFields,
  type DerNode,
  OID,
  TAG,
  bmpString,
  expectTag,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  onlyChild,
  parseBer,
  readInteger,
  readObjectIdentifier,
  readOctets,
  sequence,
  set,
} from '#asn1';
import {
  EXPORT_ITERATIONS,
  decryptPrivateKeyInfo,
  encryptPbes2,
  encryptPrivateKeyInfo,
  readDecrypted,
} from './password-based-encryption.js';
import { checkPkcs12Mac, makePkcs12Mac } from './pkcs12-mac.js';
import { readPkcs8 } from './pkcs8.js';

/**
 * The one private key of a PKCS#12 file (RFC 7292); certificates are passed over. Without a passphrase, and with an empty
 * one, both of what their makers mean by that are tried: a terminator alone (appendix B.1) and no octets at all.
 * @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID, BUSY; DerError
 */
export async function readPkcs12(bytes: Buffer, passphrase: string | undefined): Promise<UncheckedKey> {
  const file = readFile(bytes);
  if (passphrase) return open(file, passphrase);
  try {
    return await open(file, '').catch((error: unknown) => {
      if (isWrongPassphrase(error)) return open(file, null);
      throw error;
    });
  } catch (error) {
    if (passphrase === undefined && isWrongPassphrase(error)) throw keyFileErrors.PASSPHRASE_REQUIRED();
    throw error;
  }
}

const isWrongPassphrase = (error: unknown): boolean =>
  (error as { code?: string }).code === keyFileErrors.PASSPHRASE_INVALID.code;

interface Pkcs12File {
  /** What the MAC is computed over. */
  readonly authenticated: Buffer;
  readonly macData: DerNode | undefined;
  /** A key bag, in the clear or shrouded. */
  readonly key: DerNode;
}

function readFile(bytes: Buffer): Pkcs12File {
  const fields = DerFields.of(parseBer(bytes));
  if (readInteger(fields.take()) !== 3n) throw cryptoErrors.INVALID_KEY('It is not a PKCS#12 file');
  const authenticated = dataOf(fields.take());
  if (authenticated === undefined) throw cryptoErrors.INVALID_KEY('PKCS#12 files that are signed are not supported');
  const [key, ...others] = keyBags(authenticated);
  if (!key) throw cryptoErrors.INVALID_KEY('The file holds no private key, only certificates or secrets');
  if (others.length > 0)
    throw cryptoErrors.INVALID_KEY('The file holds several private keys; it must hold exactly one');
  return { authenticated, macData: fields.optional(TAG.sequence), key };
}

async function open({ authenticated, macData, key }: Pkcs12File, passphrase: string | null): Promise<UncheckedKey> {
  if (macData) await checkPkcs12Mac(macData, authenticated, passphrase);
  const fields = DerFields.of(key);
  const type = readObjectIdentifier(fields.take());
  const content = onlyChild(fields.take(0xa0));
  if (type === OID.keyBag) return readPkcs8(content);
  return readDecrypted(await decryptPrivateKeyInfo(content, passphrase), readPkcs8);
}

/** The bags with private keys, of the parts of the file that are not encrypted as a whole: there everybody puts them. */
const keyBags = (authenticated: Buffer): DerNode[] =>
  expectTag(parseBer(authenticated), TAG.sequence).children.flatMap((contentInfo) => {
    const contents = dataOf(contentInfo);
    return contents ? keyBagsOf(parseBer(contents)) : [];
  });

/** RFC 7292 §4.2.6: a bag may be a list of bags; how deep they are nested is bounded by the reader. */
const keyBagsOf = (safeContents: DerNode): DerNode[] =>
  expectTag(safeContents, TAG.sequence).children.flatMap((bag) => {
    const fields = DerFields.of(bag);
    const type = readObjectIdentifier(fields.take());
    if (type === OID.safeContentsBag) return keyBagsOf(onlyChild(fields.take(0xa0)));
    return type === OID.keyBag || type === OID.shroudedKeyBag ? [bag] : [];
  });

/** The bytes of a `ContentInfo` of type data; `undefined` for one that is encrypted or signed. */
function dataOf(contentInfo: DerNode): Buffer | undefined {
  const fields = DerFields.of(contentInfo);
  return readObjectIdentifier(fields.take()) === OID.cmsData ? readOctets(onlyChild(fields.take(0xa0))) : undefined;
}

interface Pkcs12Contents {
  readonly pkcs8: Buffer;
  /** What a key store shows it by. */
  readonly friendlyName: string;
  /** DER, the key's own certificate first and its issuers after it, nearest first. */
  readonly certificates?: readonly Buffer[];
}

/**
 * A PKCS#12 file by today's parameters: AES-256-CBC, PBKDF2 and MAC with HMAC-SHA256, 600,000 iterations each. Without
 * certificates it holds the key alone: one made up for the purpose would be a certificate that no policy has seen.
 * @throws BUSY
 */
export async function writePkcs12(
  { pkcs8, friendlyName, certificates = [] }: Pkcs12Contents,
  passphrase: string,
  iterations: number = EXPORT_ITERATIONS,
): Promise<Buffer> {
  const [own] = certificates;
  const attributes = set(
    attribute(OID.friendlyName, bmpString(friendlyName)),
    ...(own ? [attribute(OID.localKeyId, octetString(hash('sha1', own, 'buffer')))] : []),
  );
  const certificateBags = certificates.map((certificate, index) =>
    bag(
      OID.certificateBag,
      sequence(objectIdentifier(OID.x509Certificate), explicit(0, octetString(certificate))),
      ...(index === 0 ? [attributes] : []),
    ),
  );
  const keyBag = bag(OID.shroudedKeyBag, await encryptPrivateKeyInfo(pkcs8, passphrase, iterations), attributes);
  const authenticated = sequence(
    ...(own ? [await encryptedData(sequence(...certificateBags), passphrase, iterations)] : []),
    data(sequence(keyBag)),
  );
  return sequence(integer(3), data(authenticated), await makePkcs12Mac(authenticated, passphrase, iterations));
}

const data = (content: Buffer): Buffer => sequence(objectIdentifier(OID.cmsData), explicit(0, octetString(content)));

/** EncryptedData (RFC 5652 §8). */
async function encryptedData(content: Buffer, passphrase: string, iterations: number): Promise<Buffer> {
  const { algorithm, ciphertext } = await encryptPbes2(content, passphrase, iterations);
  const encrypted = sequence(objectIdentifier(OID.cmsData), algorithm, implicit(0, ciphertext));
  return sequence(objectIdentifier(OID.cmsEncryptedData), explicit(0, sequence(integer(0), encrypted)));
}

const attribute = (type: string, value: Buffer): Buffer => sequence(objectIdentifier(type), set(value));
const bag = (type: string, value: Buffer, ...attributes: Buffer[]): Buffer =>
  sequence(objectIdentifier(type), explicit(0, value), ...attributes);
