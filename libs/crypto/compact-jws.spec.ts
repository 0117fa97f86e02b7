import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCompactJws, encodeJwsHeader, parseCompactJws } from './compact-jws.js';

const encode = (claims: string) =>
  encodeCompactJws(encodeJwsHeader({ alg: 'HS256', typ: 'JWT', kid: 'k1' }), claims, () => Buffer.from('signature'));

describe('encodeJwsHeader', () => {
  it('encodeJwsHeader puts the members in the order alg, typ, kid and leaves out what is not given', () => {
    const decoded = (header: string): string => Buffer.from(header, 'base64url').toString();
    expect(decoded(encodeJwsHeader({ kid: 'k1', typ: 'JWT', alg: 'RS256' }))).toBe(
      '{"alg":"RS256","typ":"JWT","kid":"k1"}',
    );
    expect(decoded(encodeJwsHeader({ alg: 'HS256' }))).toBe('{"alg":"HS256"}');
  });
});

describe('a compact JWS', () => {
  it('a compact JWS is taken apart into what it was put together from', async () => {
    const claims = '{ "sub": "Zoë",\r\n "exp": 1900000000 }';
    const token = await encode(claims);
    expect(parseCompactJws(token)).toEqual({
      ok: true,
      value: {
        header: { alg: 'HS256', typ: 'JWT', kid: 'k1' },
        headerJson: '{"alg":"HS256","typ":"JWT","kid":"k1"}',
        payload: Buffer.from(claims),
        claims: { sub: 'Zoë', exp: 1900000000 },
        signingInput: Buffer.from(token.slice(0, token.lastIndexOf('.'))),
        signature: Buffer.from('signature'),
      },
    });
  });

  it('a compact JWS is signed over exactly the text that is sent', async () => {
    let signed = '';
    const token = await encodeCompactJws('e30', '{}', async (input) => Buffer.from((signed = input.toString())));
    expect(signed).toBe('e30.e30');
    expect(token).toBe(`e30.e30.${Buffer.from(signed).toString('base64url')}`);
  });

  it.each(['none', 'None', 'NONE', 'nOnE', 'HS1'])(
    'a compact JWS with the algorithm %s and no signature is rejected for its algorithm',
    (alg) => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      expect(parseCompactJws(`${part({ alg, typ: 'JWT' })}.${part({ sub: 'alice' })}.`)).toMatchObject({
        reason: 'ALGORITHM_UNKNOWN',
      });
    },
  );

  it('a compact JWS with a known algorithm and no signature is rejected for its empty part', async () => {
    const token = await encode('{"sub":"alice"}');
    expect(parseCompactJws(token.slice(0, token.lastIndexOf('.') + 1))).toMatchObject({ reason: 'EMPTY_PART' });
  });

  it('a compact JWS may be held to tighter limits', async () => {
    const token = await encode('{"a":{"b":1}}');
    expect(parseCompactJws(token, { maxTokenBytes: 20 })).toMatchObject({ reason: 'TOO_LONG' });
    expect(parseCompactJws(token, { maxDepth: 1 })).toMatchObject({ reason: 'TOO_DEEP' });
    expect(parseCompactJws(token, { maxMembers: 1 })).toMatchObject({ reason: 'TOO_MANY_MEMBERS' });
  });

  it('a compact JWS exists in one text only: no other text gives the same bytes', async () => {
    const token = await encode('{"sub":"alice"}');
    fc.assert(
      fc.property(fc.nat(token.length), fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), (at, extra) => {
        const other = parseCompactJws(token.slice(0, at) + extra + token.slice(at));
        const original = parseCompactJws(token);
        expect(
          other.ok &&
            original.ok &&
            other.value.signingInput.equals(original.value.signingInput) &&
            other.value.signature.equals(original.value.signature),
        ).toBe(false);
      }),
    );
  });

  it('a compact JWS never makes the parser throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !parseCompactJws(text).ok));
    const part = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text).toString('base64url'));
    fc.assert(fc.property(part, part, part, (a, b, c) => !parseCompactJws(`${a}.${b}.${c}`).ok));
  });
});
