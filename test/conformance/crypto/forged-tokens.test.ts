import { describe, expect, it } from 'vitest';
import { type JwsRefusalReason, parseCompactJws } from '#crypto';

const base64url = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const HEADER = '{"alg":"RS256"}';
const CLAIMS = '{"sub":"alice"}';
const SIGNATURE = base64url('signature');
const token = (header: string | Buffer = HEADER, claims: string | Buffer = CLAIMS, signature = SIGNATURE): string =>
  `${base64url(header)}.${base64url(claims)}.${signature}`;
const withHeader = (members: string): string => token(`{"alg":"RS256",${members}}`);
const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

/** What an attacker sends, and why it goes no further. None of these may reach a key look-up or a library. */
const forged: readonly [what: string, token: string, reason: JwsRefusalReason][] = [
  // The shape of the text
  ['nothing', '', 'NOT_THREE_PARTS'],
  ['one part', base64url(HEADER), 'NOT_THREE_PARTS'],
  ['two parts', `${base64url(HEADER)}.${base64url(CLAIMS)}`, 'NOT_THREE_PARTS'],
  ['four parts', `${token()}.x`, 'NOT_THREE_PARTS'],
  ['five parts, as a JWE has', `${token()}.AA.AA`, 'NOT_THREE_PARTS'],
  ['a token and a line end', `${token()}\n`, 'NOT_BASE64URL'],
  ['a blank before the token', ` ${token()}`, 'NOT_BASE64URL'],
  ['"Bearer " left on', `Bearer ${token()}`, 'NOT_BASE64URL'],
  ['the JSON serialisation', JSON.stringify({ payload: base64url(CLAIMS), signatures: [] }), 'NOT_THREE_PARTS'],
  ['no signature (the "none" attack)', token(HEADER, CLAIMS, ''), 'EMPTY_PART'],
  ['no payload (detached)', `${base64url(HEADER)}..${SIGNATURE}`, 'EMPTY_PART'],
  ['no header', `.${base64url(CLAIMS)}.${SIGNATURE}`, 'EMPTY_PART'],
  ['dots alone', '..', 'EMPTY_PART'],
  ['more than 16 KiB', token(HEADER, `{"a":"${'a'.repeat(13_000)}"}`), 'TOO_LONG'],
  // The encoding: two texts for one token would pass a replay check that compares texts
  ['padding', `${token()}=`, 'NOT_BASE64URL'],
  ['Base64 with + and /', token(HEADER, CLAIMS, '+/+/'), 'NOT_BASE64URL'],
  ['unused bits that are not zero', token(HEADER, CLAIMS, 'AB'), 'NOT_BASE64URL'],
  ['an impossible length', token(HEADER, CLAIMS, 'AAAAA'), 'NOT_BASE64URL'],
  ['a line end within', token(HEADER, CLAIMS, 'AA\nAA'), 'NOT_BASE64URL'],
  ['a character beyond ASCII', token(HEADER, CLAIMS, 'AAÀA'), 'NOT_BASE64URL'],
  ['a NUL', token(HEADER, CLAIMS, 'AAAA\0'), 'NOT_BASE64URL'],
  ['a per-cent sign', token(HEADER, CLAIMS, 'AA%41'), 'NOT_BASE64URL'],
  // UTF-8
  ['a header that is not UTF-8', token(Buffer.from('7b22616c67223a22ff227d', 'hex')), 'NOT_UTF8'],
  ['claims with an overlong form', token(HEADER, Buffer.from('7b2261223a22c080227d', 'hex')), 'NOT_UTF8'],
  ['claims with a surrogate as bytes', token(HEADER, Buffer.from('7b2261223a22eda080227d', 'hex')), 'NOT_UTF8'],
  ['claims with a surrogate as an escape', token(HEADER, '{"sub":"\\ud800"}'), 'LONE_SURROGATE'],
  ['a byte order mark', token(`\uFEFF${HEADER}`), 'NOT_JSON'],
  ['UTF-16', token(Buffer.from(HEADER, 'utf16le')), 'NOT_JSON'],
  // JSON
  ['a header that is no JSON', token('alg=RS256'), 'NOT_JSON'],
  ['claims that are no JSON', token(HEADER, 'alice'), 'NOT_JSON'],
  ['single quotes', token("{'alg':'RS256'}"), 'NOT_JSON'],
  ['a trailing comma', token('{"alg":"RS256",}'), 'NOT_JSON'],
  ['a comment', token(HEADER, '{"sub":"alice"/**/}'), 'NOT_JSON'],
  ['two values', token(HEADER, `${CLAIMS}${CLAIMS}`), 'NOT_JSON'],
  ['NaN', token(HEADER, '{"exp":NaN}'), 'NOT_JSON'],
  ['an endless exp', token(HEADER, '{"exp":1e999}'), 'NUMBER_OUT_OF_RANGE'],
  ['a header that is an array', token('["RS256"]'), 'HEADER_NOT_OBJECT'],
  ['a header that is null', token('null'), 'HEADER_NOT_OBJECT'],
  ['a header that is a string', token('"RS256"'), 'HEADER_NOT_OBJECT'],
  ['claims that are an array', token(HEADER, '[]'), 'CLAIMS_NOT_OBJECT'],
  ['claims that are a number', token(HEADER, '1'), 'CLAIMS_NOT_OBJECT'],
  ['claims that are null', token(HEADER, 'null'), 'CLAIMS_NOT_OBJECT'],
  ['claims nested too deeply', token(HEADER, nested(33)), 'TOO_DEEP'],
  ['claims with too many members', token(HEADER, `{"a":[${'0,'.repeat(1_000)}0]}`), 'TOO_MANY_MEMBERS'],
  // Two readers, two meanings
  ['alg twice', token('{"alg":"none","alg":"RS256"}'), 'DUPLICATE_MEMBER'],
  ['alg twice, once escaped', token('{"alg":"RS256","\\u0061lg":"none"}'), 'DUPLICATE_MEMBER'],
  ['kid twice', token('{"alg":"RS256","kid":"a","kid":"b"}'), 'DUPLICATE_MEMBER'],
  ['sub twice', token(HEADER, '{"sub":"alice","sub":"admin"}'), 'DUPLICATE_MEMBER'],
  ['sub twice, once escaped', token(HEADER, '{"sub":"alice","s\\u0075b":"admin"}'), 'DUPLICATE_MEMBER'],
  ['a duplicate deep inside', token(HEADER, '{"a":[{"b":{"c":1,"c":2}}]}'), 'DUPLICATE_MEMBER'],
  ['__proto__ in the header', withHeader('"__proto__":{"alg":"none"}'), 'FORBIDDEN_MEMBER'],
  ['__proto__ in the claims', token(HEADER, '{"__proto__":{"admin":true}}'), 'FORBIDDEN_MEMBER'],
  ['__proto__ escaped', token(HEADER, '{"\\u005f_proto__":{"admin":true}}'), 'FORBIDDEN_MEMBER'],
  ['constructor.prototype', token(HEADER, '{"constructor":{"prototype":{"admin":true}}}'), 'FORBIDDEN_MEMBER'],
  // The algorithm
  ['no alg', token('{"typ":"JWT"}'), 'ALGORITHM_UNKNOWN'],
  ['an empty header', token('{}'), 'ALGORITHM_UNKNOWN'],
  ['alg none', token('{"alg":"none"}'), 'ALGORITHM_UNKNOWN'],
  ['alg NonE', token('{"alg":"NonE"}'), 'ALGORITHM_UNKNOWN'],
  ['alg in lower case', token('{"alg":"rs256"}'), 'ALGORITHM_UNKNOWN'],
  ['alg with a blank', token('{"alg":"RS256 "}'), 'ALGORITHM_UNKNOWN'],
  ['alg of an encryption', token('{"alg":"RSA-OAEP"}'), 'ALGORITHM_UNKNOWN'],
  ['alg that every object inherits', token('{"alg":"constructor"}'), 'ALGORITHM_UNKNOWN'],
  ['alg that is an array', token('{"alg":["RS256"]}'), 'HEADER_MEMBER_NOT_STRING'],
  ['alg that is null', token('{"alg":null}'), 'HEADER_MEMBER_NOT_STRING'],
  // Members that change the meaning
  ['crit with a registered name', withHeader('"crit":["exp"]'), 'HEADER_MEMBER_NOT_ALLOWED'],
  ['crit with b64', withHeader('"b64":false,"crit":["b64"]'), 'HEADER_MEMBER_NOT_ALLOWED'],
  ['crit that is empty', withHeader('"crit":[]'), 'HEADER_MEMBER_NOT_ALLOWED'],
  ['crit that is null', withHeader('"crit":null'), 'HEADER_MEMBER_NOT_ALLOWED'],
  ['b64 that is false', withHeader('"b64":false'), 'HEADER_MEMBER_NOT_ALLOWED'],
  ['b64 that is true', withHeader('"b64":true'), 'HEADER_MEMBER_NOT_ALLOWED'],
  // kid and typ
  ['kid that is a number', withHeader('"kid":1'), 'HEADER_MEMBER_NOT_STRING'],
  ['kid that is an object', withHeader('"kid":{"$ne":null}'), 'HEADER_MEMBER_NOT_STRING'],
  ['typ that is an array', withHeader('"typ":["JWT"]'), 'HEADER_MEMBER_NOT_STRING'],
  ['typ with a line end', withHeader('"typ":"JWT\\n"'), 'TYPE_MALFORMED'],
];

/** What others write into their headers, and what has no meaning here (RFC 7515 §4): none of it reaches a key look-up. */
const ignored: Readonly<Record<string, string>> = {
  cty: '"JWT"',
  jku: '"https://elsewhere.example/jwks"',
  jwk: '{"kty":"oct","k":"AA"}',
  x5u: '"https://elsewhere.example/"',
  x5c: '["MIIB"]',
  x5t: '"AA"',
  'x5t#S256': '"AA"',
  zip: '"DEF"',
  enc: '"A256GCM"',
  epk: '{}',
  p2c: '1000000000',
  nonce: '1',
  foo: 'null',
  KID: '"k1"',
};

describe('members of the header that have no meaning here', () => {
  it.each(Object.entries(ignored))('the header member %s is ignored', (name, value) => {
    const parsed = parseCompactJws(withHeader(`"kid":"k1","${name}":${value}`));
    expect(parsed).toMatchObject({ ok: true, value: { claims: { sub: 'alice' } } });
    expect(parsed.ok && parsed.value.header).toEqual({ alg: 'RS256', kid: 'k1' });
  });

  it.each([
    '',
    'a/b',
    'user@example.com',
    '../../dev/null',
    "x' UNION SELECT 'a",
    'a\\u0000',
    'a\\n',
    'k'.repeat(5_000),
  ])('the kid %j is read as it is: who looks keys up decides', (kid) => {
    expect(parseCompactJws(withHeader(`"kid":"${kid}"`))).toMatchObject({
      ok: true,
      value: { header: { kid: JSON.parse(`"${kid}"`) as string } },
    });
  });
});

describe('forged tokens', () => {
  it('the corpus of forged tokens has at least 40, no two of them equal', () => {
    expect(forged.length).toBeGreaterThanOrEqual(40);
    expect(new Set(forged.map(([, text]) => text)).size).toBe(forged.length);
  });

  it.each(forged)('a forged token is rejected: %s', (_what, text, reason) => {
    expect(parseCompactJws(text)).toMatchObject({ ok: false, reason });
  });

  it('a token from which the forged ones are made is accepted', () => {
    expect(parseCompactJws(token())).toMatchObject({ ok: true, value: { header: { alg: 'RS256' } } });
    expect(parseCompactJws(withHeader('"typ":"at+jwt","kid":"A-z_0.9~"')).ok).toBe(true);
    expect(parseCompactJws(token(HEADER, nested(32))).ok).toBe(true);
  });
});
