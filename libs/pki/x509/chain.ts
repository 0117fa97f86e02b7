import { hash } from 'node:crypto';
import { uuidv4 } from '#crypto';
import { OID, element, explicit, integer, objectIdentifier, sequence, set } from '#asn1';

/**
 * How a certificate's `kid` is made: at random, as the source system does, or from the certificate itself, so that a party that
 * has it can compute the `kid` (hex of the hash of the DER).
 */
export const CERTIFICATE_KID_KINDS = ['uuid', 'sha1-der', 'sha256-der'] as const;
export type CertificateKidKind = (typeof CERTIFICATE_KID_KINDS)[number];

export function certificateKid(kind: CertificateKidKind, certificate: Buffer): string {
  if (kind === 'uuid') return uuidv4();
  return hash(kind === 'sha1-der' ? 'sha1' : 'sha256', certificate, 'hex');
}

/**
 * A certs-only SignedData (RFC 5652 §5.1, RFC 5272 §4.1), DER. The certificates keep their order, leaf first: OpenSSL writes
 * them so too, and importers take the first for the holder's.
 */
export function pkcs7Certificates(certificates: readonly Buffer[]): Buffer {
  const noDigestAlgorithms = set();
  const noSigners = set();
  return sequence(
    objectIdentifier(OID.cmsSignedData),
    explicit(
      0,
      sequence(
        integer(1),
        noDigestAlgorithms,
        sequence(objectIdentifier(OID.cmsData)),
        element(0xa0, ...certificates),
        noSigners,
      ),
    ),
  );
}
