import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('canonicalJson serialises the example of RFC 8785 §3.2.2', () => {
    const value = {
      // The first number of the example, 333333333.33333329, is this double.
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('canonicalJson sorts names by UTF-16 code units, as the example of RFC 8785 §3.2.3 does', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, text]) => text)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  // Appendix B of RFC 8785: the bits of a double and its text.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555554', '333333333.33333325'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('canonicalJson writes the double %s as %s', (bits, text) => {
    expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }, (() => 1) as never, 1n as never])(
    'canonicalJson rejects what I-JSON cannot carry: case %#',
    (value) => expect(() => canonicalJson(value)).toThrow(TypeError),
  );

  it('canonicalJson rejects cycles instead of overflowing the stack', () => {
    const cycle: Record<string, Json> = {};
    cycle['self'] = cycle;
    expect(() => canonicalJson(cycle)).toThrow(TypeError);
  });

  it('canonicalJson leaves absent members out', () => expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}'));

  it('canonicalJson gives equal bytes for equal values, whatever the order of their members, and loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const text = canonicalJson(value as Json);
        expect(canonicalJson(reversed(value as Json))).toBe(text);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('canonicalJson gives the same bytes for members that are in order already', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const inOrder = sorted(value as Json);
        expect(canonicalJson(inOrder)).toBe(canonicalJson(reversed(inOrder)));
      }),
    );
  });

  it.each([
    ['numbers as names, which engines put first', { '9': 1, '10': 2 }, '{"10":2,"9":1}'],
    ['an absent member among those in order', { a: 1, b: undefined, c: 2 }, '{"a":1,"c":2}'],
    ['a method that JSON.stringify would call', { toJSON: () => 1 }, undefined],
    ['an absent item', [1, undefined], undefined],
  ])('canonicalJson does not depend on the engine for %s', (_, value, text) => {
    if (text === undefined) expect(() => canonicalJson(value as never)).toThrow(TypeError);
    else expect(canonicalJson(value as Json)).toBe(text);
  });
});

/** The same value with the members of every object in order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, Json>;
  return Object.fromEntries(
    Object.keys(members)
      .toSorted()
      .map((name) => [name, sorted(members[name]!)]),
  );
}

/** The same value with the members of every object in the opposite order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
