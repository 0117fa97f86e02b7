/** Textual encodings (RFC 7468). `X509 CRL` is the label of a CRL (§7), `PKCS7` of a certificate collection (§8). */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'X509 CRL' | 'PKCS7';

export function toPem(label: PemLabel, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Certificates one below the other, each issued by the next. */
export const chainToPem = (certificates: readonly Buffer[]): string =>
  certificates.map((der) => toPem('CERTIFICATE', der)).join('');

/** The bytes of the text's one block with one of these labels; `undefined` where there is none, several, or bad Base64. */
export function fromPem(text: string, labels: readonly string[]): Buffer | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END \1-----/g)];
  const [block] = blocks;
  if (!block || blocks.length !== 1 || !labels.includes(block[1]!)) return undefined;
  const base64 = block[2]!.replace(/\s/g, '');
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : undefined;
}
