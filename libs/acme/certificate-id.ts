import { base64UrlBytes } from '#crypto';

/** What names a certificate in renewal information: the key identifier of its issuer and its serial number (RFC 9773 §4.1). */
export interface CertificateId {
  readonly authorityKeyIdentifier: Buffer;
  /** Lower-case hexadecimal, without a sign byte. */
  readonly serialNumber: string;
}

/** Reads the unique identifier of a certificate; `undefined` for what is none. */
export function readCertificateId(text: string): CertificateId | undefined {
  const [keyIdentifier = '', serial = '', ...rest] = text.split('.').map((part) => base64UrlBytes(part) ?? '');
  if (typeof keyIdentifier === 'string' || typeof serial === 'string' || rest.length > 0) return undefined;
  if (keyIdentifier.length === 0 || serial.length === 0 || serial.length > 21) return undefined;
  const digits = serial.toString('hex').replace(/^00/, '');
  return { authorityKeyIdentifier: keyIdentifier, serialNumber: digits };
}
