import { createHash } from 'node:crypto';

import type { Json } from '#core';

import type { Finding } from './token-format.js';

/** A style of serialised JSON and its name. */
interface Style {
  readonly name: string;
  readonly write: (text: string) => string;
}

// Changes only white space in the text; numbers, escapes and order stay.
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;
const tokensOf = (text: string): readonly string[] => text.match(TOKENS) ?? [];

const compact = (text: string): string => tokensOf(text).join('');
/** As `json.dumps` of Python writes without `separators`. */
const spaced = (text: string): string =>
  tokensOf(text)
    .map((token) => (token === ',' || token === ':' ? `${token} ` : token))
    .join('');

const indented =
  (width: number) =>
  (text: string): string => {
    const tokens = tokensOf(text);
    const line = (depth: number): string => `\n${' '.repeat(depth * width)}`;
    let depth = 0;
    return tokens
      .map((token, index) => {
        if (token === '{' || token === '[') {
          depth += 1;
          return /[}\]]/.test(tokens[index + 1] ?? '') ? token : token + line(depth);
        }
        if (token === '}' || token === ']') {
          depth -= 1;
          return /[{[]/.test(tokens[index - 1] ?? '') ? token : line(depth) + token;
        }
        if (token === ',') return token + line(depth);
        return token === ':' ? ': ' : token;
      })
      .join('');
  };

const asIs: Style = { name: '', write: (text) => text };
const SPACINGS: readonly Style[] = [
  asIs,
  { name: 'compact', write: compact },
  { name: 'with blanks after commas and colons', write: spaced },
  { name: 'indented by 2', write: indented(2) },
  { name: 'indented by 4', write: indented(4) },
];
const ORDERS: readonly Style[] = [
  asIs,
  { name: 'as JavaScript writes it again', write: (text) => JSON.stringify(JSON.parse(text)) },
  { name: 'with sorted members', write: (text) => JSON.stringify(sorted(JSON.parse(text) as Json)) },
];
const ESCAPES: readonly Style[] = [
  asIs,
  {
    name: 'with characters beyond ASCII escaped',
    write: (text) =>
      text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  },
  {
    name: 'with its escapes as characters',
    write: (text) =>
      text.replaceAll(/\\u(00[89a-f][0-9a-f]|0[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3})/gi, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      ),
  },
];
const ENDS: readonly Style[] = [
  asIs,
  { name: 'with a line end', write: (text) => `${text}\n` },
  { name: 'without its white space at the end', write: (text) => text.trimEnd() },
  { name: 'with a byte order mark', write: (text) => `\u{feff}${text}` },
];

const CAUSES: Readonly<Record<string, string>> = {
  compact: 'HASH_OF_COMPACT_BODY',
  'with blanks after commas and colons': 'HASH_OF_SPACED_BODY',
  'indented by 2': 'HASH_OF_INDENTED_BODY',
  'indented by 4': 'HASH_OF_INDENTED_BODY',
  'with sorted members': 'HASH_OF_SORTED_BODY',
  'as JavaScript writes it again': 'HASH_OF_REWRITTEN_BODY',
  'with characters beyond ASCII escaped': 'HASH_OF_ASCII_ESCAPED_BODY',
  'with its escapes as characters': 'HASH_OF_UNESCAPED_BODY',
  'with a line end': 'HASH_OF_BODY_WITH_LINE_END',
  'without its white space at the end': 'HASH_OF_TRIMMED_BODY',
  'with a byte order mark': 'HASH_OF_BODY_WITH_BYTE_ORDER_MARK',
};

/** Larger bodies are hashed as received, in no other style. */
const REWRITTEN_BYTES_MAX = 64 * 1024;

/**
 * Explains the hash in a token that is not the hash of the received body.
 * @param hash the claim, whatever it holds
 * @param body the bytes that came with the token
 */
export function diagnoseBody(hash: unknown, body: Buffer | undefined): Finding[] {
  if (typeof hash !== 'string')
    return [{ cause: 'HASH_MISSING', detail: 'The token has no `payload_hash`, or not as text' }];
  if (body === undefined) {
    return [{ cause: 'BODY_MISSING', detail: 'The token binds a body: send that body with it, byte by byte' }];
  }
  if (hash === sha('sha256', body)) return [];
  const finding = otherNotation(hash, body) ?? otherText(hash, body);
  return [finding ?? { cause: 'HASH_OF_ANOTHER_BODY', detail: 'The hash is that of another body' }];
}

function otherNotation(hash: string, body: Buffer): Finding | undefined {
  const bytes = createHash('sha256').update(body).digest();
  if (hash.toLowerCase() === bytes.toString('hex')) {
    return { cause: 'HASH_IN_UPPER_CASE', detail: 'The hash is in upper case; lower-case hexadecimal is expected' };
  }
  if ([bytes.toString('base64'), bytes.toString('base64url')].includes(hash)) {
    return { cause: 'HASH_IN_BASE64', detail: 'The hash is in Base64; lower-case hexadecimal is expected' };
  }
  const other = ['md5', 'sha1', 'sha384', 'sha512'].find((name) => sha(name, body) === hash.toLowerCase());
  if (other) return { cause: 'WRONG_BODY_HASH', detail: `The hash is ${other.toUpperCase()}; SHA-256 is expected` };
  return hash === sha('sha256', Buffer.alloc(0))
    ? {
        cause: 'HASH_OF_NOTHING',
        detail: 'The hash is that of an empty body: the body was not there yet when it was made',
      }
    : undefined;
}

/** Tries styles of the same JSON, those with the fewest differences first. */
function otherText(hash: string, body: Buffer): Finding | undefined {
  if (body.length > REWRITTEN_BYTES_MAX) return undefined;
  const received = body.toString('utf8').replace(/^\u{feff}/u, '');
  const candidates = ORDERS.flatMap((order) =>
    ESCAPES.flatMap((escape) => SPACINGS.flatMap((spacing) => ENDS.map((end) => [order, spacing, escape, end]))),
  ).toSorted((a, b) => differences(a).length - differences(b).length);
  try {
    for (const styles of candidates) {
      const text = styles.reduce((written, { write }) => write(written), received);
      if (sha('sha256', Buffer.from(text)) === hash) return explain(differences(styles));
    }
  } catch {
    // What is no JSON cannot be written in another style.
  }
  return undefined;
}

const differences = (styles: readonly Style[]): readonly Style[] => styles.filter((style) => style !== asIs);

function explain(styles: readonly Style[]): Finding {
  const names = styles.map(({ name }) => name);
  const detail =
    names.length === 0
      ? 'The hash is that of the body without its byte order mark'
      : `The hash is that of the body ${names.join(', ')}; the bytes that were sent differ. Hash exactly what is sent`;
  return { cause: CAUSES[names[0] ?? ''] ?? 'HASH_OF_BODY_WITHOUT_BYTE_ORDER_MARK', detail, facts: { styles: names } };
}

function sorted(value: Json | undefined): Json {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map(sorted);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

const sha = (name: string, bytes: Buffer): string => createHash(name).update(bytes).digest('hex');
