import type { EpochMilliseconds } from '#core';
import { OID, enumerated, explicit, integer, sequence, time } from '#asn1';
import type { SigningHalf } from '#crypto';
import { writeExtension } from './extensions.js';
import { type Issuer, encodeSerialNumber } from './issuance.js';
import { distributionPointName, encodeExtension } from './names.js';
import { REVOCATION_REASONS, type RevocationReason } from './reasons.js';
import { encodeSignatureAlgorithm, signStructure } from './signature-algorithms.js';

export interface RevokedCertificate {
  readonly serialNumber: string;
  readonly revokedAt: EpochMilliseconds;
  readonly reason: RevocationReason;
}

export interface CrlContent {
  readonly issuer: Issuer;
  /** CRLNumber (RFC 5280 §5.2.3): only ever rises; at most 20 octets. */
  readonly number: number | bigint;
  readonly thisUpdate: EpochMilliseconds;
  readonly nextUpdate: EpochMilliseconds;
  readonly revoked: readonly RevokedCertificate[];
  /**
   * The one place where this CRL is published, as in the certificates' CDP: IssuingDistributionPoint (§5.2.5), critical.
   * Only for a CRL that does not cover everything that its issuer signed.
   */
  readonly distributionPoint?: string;
}

/** TBSCertList DER of version 2 (RFC 5280 §5.1). */
export function buildTbsCrl(content: CrlContent): Buffer {
  const { issuer, revoked, distributionPoint } = content;
  const VERSION_2 = 1;
  return sequence(
    integer(VERSION_2),
    encodeSignatureAlgorithm(issuer.signatureAlgorithm),
    issuer.name,
    time(content.thisUpdate),
    time(content.nextUpdate),
    // §5.1.2.6: the list is absent where nothing is revoked.
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entry))]),
    explicit(
      0,
      sequence(
        writeExtension.authorityKeyIdentifier(issuer.keyIdentifier),
        encodeExtension(OID.crlNumber, false, integer(content.number)),
        ...(distributionPoint === undefined
          ? []
          : [encodeExtension(OID.issuingDistributionPoint, true, sequence(distributionPointName(distributionPoint)))]),
      ),
    ),
  );
}

const entry = ({ serialNumber, revokedAt, reason }: RevokedCertificate): Buffer =>
  sequence(
    encodeSerialNumber(serialNumber),
    time(revokedAt),
    // §5.3.1: `unspecified` is said by saying nothing.
    ...(reason === 'unspecified'
      ? []
      : [sequence(encodeExtension(OID.reasonCode, false, enumerated(REVOCATION_REASONS[reason])))]),
  );

/** The CRL in DER. @throws TypeError for a key that signs no certificates */
export const signCrl = (tbs: Buffer, issuerKey: SigningHalf): Promise<Buffer> => signStructure(tbs, issuerKey);
