import type { KeyObject } from 'node:crypto';
import type { EpochMilliseconds } from '#core';
import type { Parsed, PublicKeyFacts, SigningHalf } from '#crypto';
import {
  DerError,
  DerFields,
  type KeyUsage,
  OID,
  fromPem,
  integerOctets,
  onlyChild,
  parseDer,
  readBitString,
  readInteger,
  readObjectIdentifier,
  readTime,
} from '#asn1';
import {
  type BasicConstraints,
  type NameConstraints,
  type ReadExtension,
  readExtension,
  readExtensions,
} from './extensions.js';
import type { Issuer } from './issuance.js';
import { type GeneralName, type ReadAttribute, readGeneralNames, readName } from './names.js';
import { importPublicKey, keyIdentifier, readPublicKey } from './public-key.js';
import { signatureAlgorithmFor } from './signature-algorithms.js';

/** A certificate of ours or an imported one, read strictly. */
export interface ParsedCertificate {
  readonly der: Buffer;
  readonly tbs: Buffer;
  readonly serialNumber: string;
  readonly signatureOid: string;
  readonly signature: Buffer;
  readonly issuerName: Buffer;
  readonly issuer: readonly ReadAttribute[];
  readonly notBefore: EpochMilliseconds;
  readonly notAfter: EpochMilliseconds;
  readonly subjectName: Buffer;
  readonly subject: readonly ReadAttribute[];
  readonly publicKeyInfo: Buffer;
  readonly publicKey: PublicKeyFacts;
  readonly extensions: readonly ReadExtension[];
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectKeyIdentifier?: Buffer;
  readonly authorityKeyIdentifier?: Buffer;
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
}

/** A certificate in PEM or DER, of at most 16 KiB. Never throws. */
export function parseCertificate(input: string | Buffer): Parsed<ParsedCertificate, 'INVALID_CERTIFICATE'> {
  const der = typeof input === 'string' ? fromPem(input, ['CERTIFICATE']) : input;
  if (!der) return { ok: false, reason: 'INVALID_CERTIFICATE', detail: 'The text is not one PEM certificate' };
  try {
    return { ok: true, value: readCertificate(der) };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { ok: false, reason: 'INVALID_CERTIFICATE', detail: error.message };
  }
}

function readCertificate(der: Buffer): ParsedCertificate {
  const outer = DerFields.of(parseDer(der));
  const tbs = outer.take();
  const signatureOid = readObjectIdentifier(DerFields.of(outer.take()).take());
  const signature = readBitString(outer.take());
  outer.end();

  const fields = DerFields.of(tbs);
  const version = fields.optional(0xa0);
  if (!version || readInteger(onlyChild(version)) !== 2n) throw new DerError('Not a certificate of version 3');
  const serialNumber = serialNumberText(integerOctets(fields.take()));
  fields.take();
  const issuer = fields.take();
  const validity = DerFields.of(fields.take());
  const notBefore = readTime(validity.take());
  const notAfter = readTime(validity.take());
  const subject = fields.take();
  const publicKeyInfo = fields.take();
  fields.optional(0x81);
  fields.optional(0x82);
  const extensionList = fields.optional(0xa3);
  fields.end();
  const extensions = extensionList ? readExtensions(onlyChild(extensionList)) : [];
  return {
    der,
    tbs: tbs.raw,
    serialNumber,
    signatureOid,
    signature,
    issuerName: issuer.raw,
    issuer: readName(issuer),
    notBefore,
    notAfter,
    subjectName: subject.raw,
    subject: readName(subject),
    publicKeyInfo: publicKeyInfo.raw,
    publicKey: readPublicKey(publicKeyInfo),
    extensions,
    ...typedExtensions(extensions),
  };
}

function typedExtensions(extensions: readonly ReadExtension[]) {
  const read = <Key extends string, Value>(key: Key, oid: string, reader: (value: Buffer) => Value) => {
    const [found, ...others] = extensions.filter((extension) => extension.oid === oid);
    if (others.length > 0) throw new DerError('An extension occurs twice');
    const value = found && reader(found.value);
    return (value === undefined ? {} : { [key]: value }) as { readonly [Name in Key]?: Exclude<Value, undefined> };
  };
  return {
    ...read('basicConstraints', OID.basicConstraints, readExtension.basicConstraints),
    ...read('keyUsage', OID.keyUsage, readExtension.keyUsage),
    ...read('extendedKeyUsage', OID.extendedKeyUsage, readExtension.extendedKeyUsage),
    ...read('subjectKeyIdentifier', OID.subjectKeyIdentifier, readExtension.subjectKeyIdentifier),
    ...read('authorityKeyIdentifier', OID.authorityKeyIdentifier, readExtension.authorityKeyIdentifier),
    ...read('nameConstraints', OID.nameConstraints, readExtension.nameConstraints),
    subjectAlternativeNames: [],
    ...read('subjectAlternativeNames', OID.subjectAlternativeName, (value) => readGeneralNames(parseDer(value))),
  };
}

/** The content of an INTEGER as the hex that this product stores: no sign octet, no leading zeros. @throws DerError if negative */
export function serialNumberText(octets: Buffer): string {
  if (octets[0]! >= 0x80) throw new DerError('A serial number is not negative');
  return octets.length > 1 && octets[0] === 0 ? octets.subarray(1).toString('hex') : octets.toString('hex');
}

/**
 * The issuer that a certificate authority's own certificate and private key make. The key identifier is the one in the
 * certificate, so that imported authorities with another method of hashing are pointed to correctly.
 */
export const issuerOf = (certificate: ParsedCertificate, issuerKey: SigningHalf): Issuer => ({
  name: certificate.subjectName,
  keyIdentifier: certificate.subjectKeyIdentifier ?? keyIdentifier(certificate.publicKeyInfo),
  signatureAlgorithm: signatureAlgorithmFor(issuerKey),
});

/** The key that a certificate certifies; `undefined` where its type is not supported. */
export const certifiedKey = (certificate: ParsedCertificate): KeyObject | undefined =>
  importPublicKey(certificate.publicKey);
