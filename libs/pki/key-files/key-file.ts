import { isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { DerError } from '#asn1';
import {
  type AlgorithmKind,
  type AlgorithmName,
  type CheckedKey,
  type Jwk,
  type SecretEncoding,
  type UncheckedKey,
  checkKey,
  cryptoErrors,
  decodeWrappedBase64,
  keyKindNames,
  keyKinds,
  privateKeyToBytes,
  publicJwk,
  readJwk,
  rsaNumbersOf,
  sharedSecret,
  verifyingKeyOf,
} from '#crypto';
import { readPemKey, writePemKey } from './pem-key.js';
import { readPkcs12, writePkcs12 } from './pkcs12.js';
import { readRsaXml, writeRsaXml } from './rsa-xml.js';

interface ReadOptions {
  readonly algorithm: AlgorithmName;
  readonly passphrase?: string | undefined;
}

interface WriteOptions {
  readonly kid: string;
  readonly algorithm: AlgorithmName;
  /** What key stores show the key by. */
  readonly name: string;
  /** Of at least one character where the format is `encrypted`; not used by the others. */
  readonly passphrase: string;
  /** Of the key derivation of the formats that are `encrypted`. Tests ask for fewer than `EXPORT_ITERATIONS`. */
  readonly iterations?: number | undefined;
}

/** Everything that the product knows about one way to write a key down. */
interface KeyFormat {
  readonly title: string;
  readonly reference: string;
  /** The kinds of key that can be written so. */
  readonly holds: readonly AlgorithmKind[];
  /** A private key leaves in this format only under a passphrase. */
  readonly encrypted: boolean;
  /** More than the greatest key takes up, with its certificates; what is longer is not looked at. */
  readonly charactersMax: number;
  /** @throws INVALID_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID */
  read(text: string, options: ReadOptions): Promise<UncheckedKey> | UncheckedKey;
  /** The private key or the shared secret. @throws INVALID_KEY where this very key cannot be written so */
  writePrivate(key: KeyObject, options: WriteOptions): Promise<string> | string;
  /** The public half of a key, which may be given itself; absent where the format has no form for it. */
  writePublic?(key: KeyObject, options: Pick<WriteOptions, 'kid' | 'algorithm'>): string;
}

const KEY_PAIRS = keyKindNames.filter((name) => !keyKinds[name].symmetric);

const table = {
  pem: {
    title: 'PKCS#8, PKCS#1 or SEC 1 in PEM, encrypted or not; exported as encrypted PKCS#8',
    reference: 'RFC 7468, RFC 5958',
    holds: KEY_PAIRS,
    encrypted: true,
    charactersMax: 49_152,
    read: (text, { passphrase }) => readPemKey(withoutByteOrderMark(text), passphrase),
    writePrivate: (key, { passphrase, iterations }) => writePemKey(privateKeyToBytes(key), passphrase, iterations),
    writePublic: (key) => verifyingKeyOf(key).export({ type: 'spki', format: 'pem' }).toString(),
  },
  jwk: {
    title: 'JSON Web Key',
    reference: 'RFC 7517',
    holds: keyKindNames,
    encrypted: false,
    charactersMax: 16_384,
    read: (text, { algorithm }) => readJwk(withoutByteOrderMark(text), algorithm),
    writePrivate: (key, { kid, algorithm: alg }) => JSON.stringify({ ...members(key), kid, use: 'sig', alg }),
    writePublic: (key, { kid, algorithm: alg }) => JSON.stringify(publicJwk(key, { kid, alg })),
  },
  'rsa-xml': {
    title: 'RSAKeyValue of .NET',
    reference: 'XML Signature §4.5.2, RSA.ToXmlString',
    holds: ['rsa'],
    encrypted: false,
    charactersMax: 16_384,
    read: (text) => readRsaXml(withoutByteOrderMark(text)),
    writePrivate: (key) => writeRsaXml(rsaNumbersOf(key)),
    writePublic: (key) => writeRsaXml(rsaNumbersOf(verifyingKeyOf(key))),
  },
  pkcs12: {
    title: 'PKCS#12 in Base64; exported without a certificate',
    reference: 'RFC 7292',
    holds: KEY_PAIRS,
    encrypted: true,
    charactersMax: 49_152,
    read: (text, { passphrase }) => readPkcs12(decodeWrappedBase64(text), passphrase),
    writePrivate: async (key, { passphrase, iterations, name: friendlyName }) =>
      (await writePkcs12({ pkcs8: privateKeyToBytes(key), friendlyName }, passphrase, iterations)).toString('base64'),
  },
  secret: {
    title: 'A shared secret whose bytes are those of the text (UTF-8)',
    reference: 'RFC 2104',
    holds: ['hmac'],
    encrypted: false,
    charactersMax: 2_048,
    read: (text) => sharedSecret(Buffer.from(text), 'text'),
    writePrivate: (key) => {
      const bytes = privateKeyToBytes(key);
      if (!isUtf8(bytes)) throw cryptoErrors.INVALID_KEY('The secret is no text; it has a Base64 form');
      return bytes.toString();
    },
  },
  'secret-base64': {
    title: 'A shared secret in Base64, which is decoded before use',
    reference: 'RFC 4648 §4',
    holds: ['hmac'],
    encrypted: false,
    charactersMax: 2_048,
    read: (text) => sharedSecret(decodeWrappedBase64(text), 'base64'),
    writePrivate: (key) => privateKeyToBytes(key).toString('base64'),
  },
} as const satisfies Record<string, KeyFormat>;

/** Editors and shells of Windows put one before a text; in a secret it would be a part of it. */
const withoutByteOrderMark = (text: string): string => (text.startsWith('\u{feff}') ? text.slice(1) : text);

const members = (key: KeyObject): Jwk => key.export({ format: 'jwk' }) as Jwk;

export type KeyFormatName = keyof typeof table;
/** Every way to write a key down. Adding one is adding one row to `table`: import, export and the API document follow. */
export const keyFormats: Readonly<Record<KeyFormatName, KeyFormat>> = table;
export const keyFormatNames = Object.keys(table) as KeyFormatName[];
/** The formats in which a public half may be asked for. */
export const publicKeyFormatNames = keyFormatNames.filter((name) => keyFormats[name].writePublic !== undefined);

interface ReadKey extends CheckedKey {
  /** RSA only. */
  readonly modulusBits: number | null;
  /** Shared secrets only. */
  readonly secretEncoding: SecretEncoding | null;
}

/**
 * Reads a private key or a shared secret without trusting its contents: see `checkKey`.
 * @param text as the format has it: PEM, JSON, XML, Base64 or the secret itself
 * @throws INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID; none quotes the key
 */
export async function readKey(format: KeyFormatName, text: string, options: ReadOptions): Promise<ReadKey> {
  if (text.length > keyFormats[format].charactersMax) throw cryptoErrors.INVALID_KEY('The key file is too long');
  const unchecked = await readable(() => keyFormats[format].read(text, options));
  return {
    ...(await checkKey(unchecked, options.algorithm)),
    modulusBits: unchecked.modulusBits ?? null,
    secretEncoding: unchecked.secretEncoding ?? null,
  };
}

/**
 * Reads a private key in PEM of whatever type, by the same checks as `readKey`.
 * @throws INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY, PASSPHRASE_REQUIRED, PASSPHRASE_INVALID
 */
export async function readPrivateKeyPem(text: string, passphrase: string | undefined): Promise<KeyObject> {
  if (text.length > keyFormats.pem.charactersMax) throw cryptoErrors.INVALID_KEY('The key file is too long');
  const unchecked = await readable(() => readPemKey(text, passphrase));
  // RFC 4055 §1.2: a key of the type id-RSASSA-PSS makes no other signatures, and authorities here sign with PKCS#1 v1.5.
  if (unchecked.algorithms) {
    throw cryptoErrors.INVALID_KEY(`The file permits the key for ${unchecked.algorithms.join(', ')} only`);
  }
  return unchecked.check();
}

/** @throws INVALID_KEY for bytes that are not the ASN.1 of a key file */
async function readable(read: () => Promise<UncheckedKey> | UncheckedKey): Promise<UncheckedKey> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DerError)
      throw cryptoErrors.INVALID_KEY(`It is not a key file that can be read: ${error.message}`);
    throw error;
  }
}
