import type { Finding } from './token-format.js';

/** Text that is often added around a token, and how to remove it. */
interface Wrapping {
  readonly cause: string;
  readonly detail: string;
  readonly unwrap: (text: string) => string | undefined;
}

const captured =
  (pattern: RegExp) =>
  (text: string): string | undefined =>
    pattern.exec(text)?.groups?.['token'];

const WRAPPINGS: readonly Wrapping[] = [
  {
    cause: 'WHITE_SPACE_AROUND',
    detail: 'Blanks or line ends are around the token',
    unwrap: (text) => (text.trim() === text ? undefined : text.trim()),
  },
  {
    cause: 'BEARER_LEFT_ON',
    detail: 'The scheme `Bearer` of the Authorization header is still in front of the token',
    unwrap: captured(/^Bearer +(?<token>.*)$/is),
  },
  {
    cause: 'JSON_AROUND',
    detail: 'The whole JSON answer was taken for the token: use its member `token` alone',
    unwrap: captured(/^\{.*"token"\s*:\s*"(?<token>[^"]*)".*\}$/s),
  },
  {
    cause: 'QUOTES_AROUND',
    detail: 'Quotation marks are around the token',
    unwrap: captured(/^(?<quote>["'])(?<token>.*)\k<quote>$/s),
  },
  {
    cause: 'LINE_BREAKS_WITHIN',
    detail: 'The token was broken into lines',
    unwrap: (text) => (/[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : undefined),
  },
];

/** The added characters, and the token without them. */
export function unwrapToken(text: string): { readonly token: string; readonly findings: Finding[] } {
  const findings: Finding[] = [];
  let token = text;
  for (const { cause, detail, unwrap } of WRAPPINGS) {
    const inner = unwrap(token);
    if (inner === undefined) continue;
    findings.push({ cause, detail });
    token = inner;
  }
  return { token, findings };
}
