import { type ParsedCertificate, fromPem, parseCertificate } from '#pki';

/** A certificate that stands in the inventory, read again. @throws Error where the row was tampered with */
export function readStored({ certificatePem }: { readonly certificatePem: string | null }): ParsedCertificate {
  const parsed = parseCertificate(certificatePem ?? '');
  if (!parsed.ok) throw new Error(`A stored certificate cannot be read: ${parsed.detail}`);
  return parsed.value;
}

/** The DER of each certificate in a text, in its order. */
export const certificatesIn = (pem: string): Buffer[] =>
  certificateTexts(pem).flatMap((text) => fromPem(text, ['CERTIFICATE']) ?? []);

/** Each certificate of a text in PEM. */
export const certificateTexts = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
