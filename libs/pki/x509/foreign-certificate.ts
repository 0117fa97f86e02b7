import { type KeyObject, X509Certificate } from 'node:crypto';

import { fromPem } from '#asn1';
import type { EpochMilliseconds } from '#core';
import { type Parsed, refusal } from '#crypto';

/** What is read of a certificate that others issued: of any version, and with whatever extensions they like. */
export interface ForeignCertificateFacts {
  readonly der: Buffer;
  readonly publicKey: KeyObject;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
  /** RFC 4514, as OpenSSL names the attributes. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: EpochMilliseconds;
  readonly notAfter: EpochMilliseconds;
}

/**
 * One certificate in PEM, read by OpenSSL: our own reader knows no more than what we issue. Nothing is trusted because of it
 * but that its key is the one that it is stored for. Never throws.
 */
export function readForeignCertificate(pem: string): Parsed<ForeignCertificateFacts, 'INVALID_CERTIFICATE'> {
  const der = fromPem(pem, ['CERTIFICATE']);
  if (!der) return refusal('INVALID_CERTIFICATE', 'The text is not one PEM certificate');
  try {
    const { publicKey, serialNumber, subject, issuer, validFromDate, validToDate } = new X509Certificate(der);
    return {
      ok: true,
      value: {
        der,
        publicKey,
        serialNumber: serialNumber.toLowerCase(),
        subject: inOneLine(subject),
        issuer: inOneLine(issuer),
        notBefore: validFromDate.getTime(),
        notAfter: validToDate.getTime(),
      },
    };
  } catch {
    return refusal('INVALID_CERTIFICATE', 'The certificate or its key cannot be read');
  }
}

/** Node writes one attribute a line, the most general first. */
const inOneLine = (name: string | undefined): string => (name ?? '').split('\n').toReversed().join(',');
