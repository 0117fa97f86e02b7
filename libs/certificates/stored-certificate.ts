import { type ParsedCertificate, parseCertificate } from '#pki';

/** A certificate of the inventory, parsed again. @throws Error where the row was tampered with, or has none */
export function readStored({ certificatePem }: { readonly certificatePem: string | Buffer | null }): ParsedCertificate {
  const parsed = parseCertificate(certificatePem ?? '');
  if (!parsed.ok) throw new Error(`A stored certificate cannot be read: ${parsed.detail}`);
  return parsed.value;
}
