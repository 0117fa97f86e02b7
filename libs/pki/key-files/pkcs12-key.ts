import { createHash } from 'node:crypto';
import { type PrivateKeyParts, cryptoErrors, keyFileErrors } from '#crypto';
import { type Asn1Value, contextTag, der, identifierOf, integerOf, octetsOf, partsOf, readAsn1 } from './asn1.js';
import {
  checkPkcs12Mac,
  makePkcs12Mac,
  openEncryptedPrivateKey,
  readDecrypted,
  sealPrivateKey,
} from './password-based-encryption.js';
import { readPkcs8 } from './pkcs.js';

const OID = {
  data: '1.2.840.113549.1.7.1',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const;

/**
 * The one private key of a PKCS#12 file (RFC 7292); certificates are passed over. A file without a passphrase is read
 * as one with the empty one, which is what its makers mean.
 * @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID
 */
export async function readPkcs12(bytes: Buffer, passphrase: string | undefined): Promise<PrivateKeyParts> {
  try {
    return await readWith(bytes, passphrase ?? '');
  } catch (error) {
    if (passphrase !== undefined || (error as { code?: string }).code !== keyFileErrors.PASSPHRASE_INVALID.code)
      throw error;
    throw keyFileErrors.PASSPHRASE_REQUIRED();
  }
}

async function readWith(bytes: Buffer, passphrase: string): Promise<PrivateKeyParts> {
  const [version, authSafe, macData] = partsOf(readAsn1(bytes));
  if (integerOf(version) !== 3n) throw cryptoErrors.INVALID_KEY('It is not a PKCS#12 file');
  const authenticated = dataOf(authSafe);
  if (authenticated === undefined) throw cryptoErrors.INVALID_KEY('PKCS#12 files that are signed are not supported');
  const keys = keyBags(authenticated);
  const [key] = keys;
  if (!key || keys.length > 1) throw cryptoErrors.INVALID_KEY('The file does not hold exactly one private key');
  if (macData) await checkPkcs12Mac(macData, authenticated, passphrase);
  const [type, value] = partsOf(key);
  const content = unwrap(value);
  if (identifierOf(type) === OID.keyBag) return readPkcs8(content);
  return readDecrypted(await openEncryptedPrivateKey(content, passphrase), readPkcs8);
}

/** The bags with private keys, of the parts of the file that are not encrypted as a whole: there everybody puts them. */
function keyBags(authenticated: Buffer): Asn1Value[] {
  return partsOf(readAsn1(authenticated)).flatMap((contentInfo) => {
    const contents = dataOf(contentInfo);
    const bags = contents ? partsOf(readAsn1(contents)) : [];
    return bags.filter((bag) => {
      const type = identifierOf(partsOf(bag)[0]);
      return type === OID.keyBag || type === OID.shroudedKeyBag;
    });
  });
}

/** The bytes of a `ContentInfo` of type data; `undefined` for one that is encrypted or signed. */
function dataOf(contentInfo: Asn1Value | undefined): Buffer | undefined {
  const [type, content] = partsOf(contentInfo);
  return identifierOf(type) === OID.data ? octetsOf(unwrap(content)) : undefined;
}

/** What stands inside `[0] EXPLICIT`. */
function unwrap(value: Asn1Value | undefined): Asn1Value {
  const [inside] = partsOf(value, contextTag(0));
  if (!inside) throw cryptoErrors.INVALID_KEY('It is not a PKCS#12 file');
  return inside;
}

export interface Pkcs12Contents {
  readonly pkcs8: Buffer;
  /** What a key store shows it by. */
  readonly friendlyName: string;
  /** DER, the key's own certificate first. */
  readonly certificates?: readonly Buffer[];
}

/**
 * A PKCS#12 file by today's parameters: AES-256-CBC, PBKDF2 and MAC with HMAC-SHA256, 600,000 iterations each. Without
 * certificates it holds the key alone: one made up for the purpose would be a certificate that nobody's policy saw.
 * @param iterations fewer in tests only
 */
export async function writePkcs12(contents: Pkcs12Contents, passphrase: string, iterations?: number): Promise<Buffer> {
  const { pkcs8, friendlyName, certificates = [] } = contents;
  const name = attribute(OID.friendlyName, der.bmpString(friendlyName));
  const [own] = certificates;
  const keyId = own ? [attribute(OID.localKeyId, der.octets(createHash('sha1').update(own).digest()))] : [];
  const keyBag = bag(OID.shroudedKeyBag, await sealPrivateKey(pkcs8, passphrase, iterations), name, ...keyId);
  const certificateBags = certificates.map((certificate, index) => {
    const value = der.sequence(der.identifier(OID.x509Certificate), der.explicit(0, der.octets(certificate)));
    return bag(OID.certificateBag, value, ...(index === 0 ? [name, ...keyId] : []));
  });
  const authenticated = der.sequence(
    ...[[keyBag], certificateBags].filter(({ length }) => length > 0).map((bags) => data(der.sequence(...bags))),
  );
  return der.sequence(der.integer(3), data(authenticated), await makePkcs12Mac(authenticated, passphrase, iterations));
}

const data = (bytes: Buffer): Buffer => der.sequence(der.identifier(OID.data), der.explicit(0, der.octets(bytes)));
const attribute = (type: string, value: Buffer): Buffer => der.sequence(der.identifier(type), der.set(value));
const bag = (type: string, value: Buffer, ...attributes: Buffer[]): Buffer =>
  der.sequence(der.identifier(type), der.explicit(0, value), ...(attributes.length ? [der.set(...attributes)] : []));
