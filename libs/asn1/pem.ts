import { DerError } from './der-reader.js';

/** Textual encodings (RFC 7468). `X509 CRL` is the label of a CRL (§7), `PKCS7` of a certificate collection (§8). */
type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'X509 CRL' | 'PKCS7' | 'ENCRYPTED PRIVATE KEY';

export function toPem(label: PemLabel, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Certificates one below the other, each issued by the next. */
export const chainToPem = (certificates: readonly Buffer[]): string =>
  certificates.map((der) => toPem('CERTIFICATE', der)).join('');

interface PemBlock {
  readonly label: string;
  /** Of RFC 1421; only OpenSSL's own encryption of private keys still has them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** RFC 7468 §3 permits more; a dot is in OpenSSL's `X9.42 DH PARAMETERS`. */
const LABEL = /^[A-Z0-9][A-Z0-9 .]{0,63}$/;

/** Every block of a text, in one pass; text around the blocks is passed over. @throws DerError for one that is malformed */
export function readPemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let position = text.indexOf(BEGIN);
  while (position !== -1) {
    const labelEnd = text.indexOf(DASHES, position + BEGIN.length);
    const label = text.slice(position + BEGIN.length, labelEnd);
    const bodyStart = labelEnd + DASHES.length;
    const ending = `-----END ${label}-----`;
    const bodyEnd = text.indexOf(ending, bodyStart);
    if (labelEnd === -1 || bodyEnd === -1 || !LABEL.test(label)) throw new DerError('A PEM block is not complete');
    blocks.push({ label, ...readBody(text.slice(bodyStart, bodyEnd)) });
    position = text.indexOf(BEGIN, bodyEnd + ending.length);
  }
  return blocks;
}

function readBody(body: string): Omit<PemBlock, 'label'> {
  const lines = body.split(/\r\n|\n|\r/).map((line) => line.trim());
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z-]+): *(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers.set(name, value);
  }
  const base64 = lines
    .filter((line) => !line.includes(':'))
    .join('')
    .replaceAll(/[ \t]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64) throw new DerError('A PEM block is not Base64');
  return { headers, bytes };
}

/** The bytes of the text's one block with one of these labels; `undefined` where there is none, several, or bad Base64. */
export function fromPem(text: string, labels: readonly string[]): Buffer | undefined {
  const [block, ...others] = blocksOrNone(text);
  return block && others.length === 0 && labels.includes(block.label) && block.headers.size === 0
    ? block.bytes
    : undefined;
}

/** RFC 7468 §5.1, with the labels that older programs write. */
const CERTIFICATE_LABELS: readonly string[] = ['CERTIFICATE', 'X509 CERTIFICATE', 'X.509 CERTIFICATE'];

/** The DER of each certificate in a text, in its order; none where a block of the text is malformed. */
export const certificatesIn = (text: string): Buffer[] =>
  blocksOrNone(text)
    .filter(({ label }) => CERTIFICATE_LABELS.includes(label))
    .map(({ bytes }) => bytes);

function blocksOrNone(text: string): PemBlock[] {
  try {
    return readPemBlocks(text);
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}
