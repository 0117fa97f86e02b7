import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonLimits, type JsonRefusalReason, parseStrictJson } from './strict-json.js';

const parse = (text: string, limits?: Partial<JsonLimits>) => parseStrictJson(Buffer.from(text), limits);

describe('parseStrictJson', () => {
  it.each<[text: string, reason: JsonRefusalReason]>([
    ['', 'NOT_JSON'],
    ['{"a":1', 'NOT_JSON'],
    ['"a', 'NOT_JSON'],
    ['\uFEFF{}', 'NOT_JSON'],
    ['{"a":1,"a":1}', 'DUPLICATE_MEMBER'],
    ['{"a":1, "b":[{"c":1, "\\u0063" : 2}]}', 'DUPLICATE_MEMBER'],
    ['{"":1,"":2}', 'DUPLICATE_MEMBER'],
    ['{"\\"":1,"\\u0022":2}', 'DUPLICATE_MEMBER'],
    ['{"__proto__":1}', 'FORBIDDEN_MEMBER'],
    ['{"constructor": {"prototype": {}}}', 'FORBIDDEN_MEMBER'],
    ['["\\udc00"]', 'LONE_SURROGATE'],
    ['{"\\ud800":1}', 'LONE_SURROGATE'],
    ['[1e400]', 'NUMBER_OUT_OF_RANGE'],
    ['-1E400', 'NUMBER_OUT_OF_RANGE'],
    [`${'['.repeat(33)}${']'.repeat(33)}`, 'TOO_DEEP'],
    [`[${'0,'.repeat(1_000)}0]`, 'TOO_MANY_MEMBERS'],
    [`[${'[[],[]],'.repeat(400)}0]`, 'TOO_MANY_MEMBERS'],
    [`{${Array.from({ length: 1_001 }, (_, index) => `"m${index}":0`).join(',')}}`, 'TOO_MANY_MEMBERS'],
  ])('parseStrictJson rejects %j as %s', (text, reason) => {
    expect(parse(text)).toMatchObject({ ok: false, reason });
  });

  it.each([
    'null',
    '"{\\"a\\":1,\\"a\\":2}"',
    '{"a":{"a":{"a":1}},"b":["a","a","a"]}',
    '{"prototype":{"constructor":1},"constructor":"x"}',
    '["\\ud83d\\ude00", -0.5e-300, 1E+300]',
    `${'['.repeat(32)}${']'.repeat(32)}`,
    `[${'0,'.repeat(999)}0]`,
  ])('parseStrictJson accepts %j', (text) => {
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it('parseStrictJson rejects bytes that are not UTF-8 instead of replacing them', () => {
    expect(parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ ok: false, reason: 'NOT_UTF8' });
  });

  it('parseStrictJson allows duplicates where told so, and keeps the other limits', () => {
    expect(parse('{"a":1,"a":2}', { allowDuplicateMembers: true })).toEqual({ ok: true, value: { a: 2 } });
    expect(parse('[[1]]', { maxDepth: 1 })).toMatchObject({ reason: 'TOO_DEEP' });
    expect(parse('[1,2]', { maxMembers: 1 })).toMatchObject({ reason: 'TOO_MANY_MEMBERS' });
  });

  it('parseStrictJson names a duplicate, cut where it is long', () => {
    expect(parse(`{"${'n'.repeat(500)}":1,"${'n'.repeat(500)}":2}`)).toMatchObject({
      detail: `The member "${'n'.repeat(63)}…" occurs twice in one object`,
    });
  });

  const wide = { maxDepth: 1_000, maxMembers: 1_000_000 };
  const harmless = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));

  it('parseStrictJson gives what JSON.parse gives, for any value in any spacing', () => {
    fc.assert(
      fc.property(harmless, fc.constantFrom('', ' ', '\t', '\n '), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parse(text, wide)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it('parseStrictJson finds a duplicate next to any value', () => {
    fc.assert(
      fc.property(fc.string(), harmless, (name, value) => {
        fc.pre(name !== '__proto__');
        const member = `${JSON.stringify(name)} : ${JSON.stringify(value)}`;
        expect(parse(`[{${member},"other":0,${member}}]`, wide)).toMatchObject({ reason: 'DUPLICATE_MEMBER' });
      }),
    );
  });

  it('parseStrictJson never throws, whatever the bytes', () => {
    const nearlyJson = fc.array(fc.constantFrom(...'{}[]",:\\u01e-. a')).map((parts) => parts.join(''));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parseStrictJson(bytes).ok === 'boolean'));
    fc.assert(fc.property(nearlyJson, (text) => typeof parse(text).ok === 'boolean'));
  });
});
