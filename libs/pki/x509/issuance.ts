import { randomBytes } from 'node:crypto';
import { bitString, explicit, integer, sequence, time, unsignedInteger } from '#asn1';
import type { SigningHalf } from '#crypto';
import { type StatusUrls, writeExtension } from './extensions.js';
import { type DistinguishedName, type GeneralName, encodeName } from './names.js';
import type { CertificateProfile, Validity } from './profile.js';
import { keyIdentifier } from './public-key.js';
import { type SignatureAlgorithm, encodeSignatureAlgorithm, signStructure } from './signature-algorithms.js';

/** Who signs: taken from the issuer's own certificate by `issuerOf`, or from its own name and key for a root. */
export interface Issuer {
  /** DER of its subject, byte for byte: chains are built by comparing names (RFC 5280 §7.1). */
  readonly name: Buffer;
  readonly keyIdentifier: Buffer;
  readonly signatureAlgorithm: SignatureAlgorithm;
}

/** Everything that a certificate will say. */
export interface CertificateContent extends Validity {
  readonly profile: CertificateProfile;
  /** Hex, as `randomSerialNumber` makes it. */
  readonly serialNumber: string;
  readonly issuer: Issuer;
  readonly subject: DistinguishedName;
  readonly subjectAlternativeNames?: readonly GeneralName[];
  /** SubjectPublicKeyInfo DER. */
  readonly publicKeyInfo: Buffer;
  readonly urls?: StatusUrls;
}

/**
 * 128 random bits in hex without leading zeros, positive: RFC 5280 §4.1.2.2 asks for at most 20 octets, and the value cannot
 * be predicted, so that no collision can be prepared.
 */
export function randomSerialNumber(): string {
  const serialNumber = randomBytes(16)
    .toString('hex')
    .replace(/^(00)+/, '');
  return serialNumber === '' ? randomSerialNumber() : serialNumber;
}

/** The serial number as an INTEGER, from its hex. */
export const encodeSerialNumber = (hex: string): Buffer =>
  unsignedInteger(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));

/** A root signs itself: it is its own issuer. */
export const selfIssuer = (
  subject: DistinguishedName,
  publicKeyInfo: Buffer,
  signatureAlgorithm: SignatureAlgorithm,
): Issuer => ({ name: encodeName(subject), keyIdentifier: keyIdentifier(publicKeyInfo), signatureAlgorithm });

/** TBSCertificate DER (RFC 5280 §4.1): the bytes that are linted, recorded, and then signed as they are. */
export function buildTbsCertificate(content: CertificateContent): Buffer {
  const { issuer, notBefore, notAfter, publicKeyInfo } = content;
  const VERSION_3 = 2;
  return sequence(
    explicit(0, integer(VERSION_3)),
    encodeSerialNumber(content.serialNumber),
    encodeSignatureAlgorithm(issuer.signatureAlgorithm),
    issuer.name,
    sequence(time(notBefore), time(notAfter)),
    encodeName(content.subject),
    publicKeyInfo,
    explicit(3, sequence(...extensions(content))),
  );
}

function* extensions(content: CertificateContent): Generator<Buffer> {
  const { profile, urls = {}, subject, subjectAlternativeNames = [] } = content;
  yield writeExtension.basicConstraints(profile.basicConstraints);
  yield writeExtension.keyUsage(profile.keyUsage);
  if (profile.extendedKeyUsage.length > 0) yield writeExtension.extendedKeyUsage(profile.extendedKeyUsage);
  yield writeExtension.subjectKeyIdentifier(keyIdentifier(content.publicKeyInfo));
  yield writeExtension.authorityKeyIdentifier(content.issuer.keyIdentifier);
  if (subjectAlternativeNames.length > 0)
    // RFC 5280 §4.1.2.6: critical where there is no other name.
    yield writeExtension.subjectAlternativeName(subjectAlternativeNames, subject.length === 0);
  if (profile.nameConstraints) yield writeExtension.nameConstraints(profile.nameConstraints);
  if (urls.crl !== undefined) yield writeExtension.crlDistributionPoints(urls.crl);
  if (urls.ocsp !== undefined || urls.caIssuers !== undefined) yield writeExtension.authorityInformationAccess(urls);
  if (profile.ocspNoCheck) yield writeExtension.ocspNoCheck();
}

/** The certificate: the given TBS with the issuer's signature. @throws TypeError for a key that signs no certificates */
export const signCertificate = (tbs: Buffer, issuerKey: SigningHalf): Promise<Buffer> => signStructure(tbs, issuerKey);

/** A certificate around a signature that was made elsewhere, such as in a hardware module. */
export const assembleCertificate = (tbs: Buffer, algorithm: SignatureAlgorithm, signature: Buffer): Buffer =>
  sequence(tbs, encodeSignatureAlgorithm(algorithm), bitString(signature));
