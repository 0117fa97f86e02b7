import { describe, expect, it } from 'vitest';

import { isDnsName, isDnsNameOrWildcard } from './dns-names.js';

describe('a DNS name', () => {
  it.each([
    'localhost',
    'API.Acme.example',
    '1.acme.example',
    'a-b.c1',
    '0x1f.internal',
    'a.0xyz',
    'xn--rger-koa.example',
  ])('a DNS name can be %s', (text) => expect(isDnsName(text)).toBe(true));

  it.each([
    '',
    '*.acme.example',
    'acme.example.',
    '-a.example',
    'a_b.example',
    'a..b',
    'ärger.example',
    '::1',
    '192.0.2.1',
  ])('a DNS name is not %j', (text) => expect(isDnsName(text)).toBe(false));

  it.each<[string, boolean]>([
    ['*.acme.example', true],
    ['acme.example', true],
    ['*.a.1', false],
    ['*.', false],
    ['a.*.example', false],
    ['*.*.acme.example', false],
    [`*.${'a.'.repeat(125)}ab`, false],
  ])('a DNS name or a wildcard before one: %s, %s', (text, expected) =>
    expect(isDnsNameOrWildcard(text)).toBe(expected),
  );

  it.each(['1', 'n1.a.1', '192.0.2', 'a.0x', 'a.0X7F', '1.2.3.4.5'])(
    'a DNS name does not end in a number: %s, which no URL can have as its host or reads as an address',
    (text) => {
      expect(isDnsName(text)).toBe(false);
      expect(URL.parse(`http://${text}:8080`)?.hostname).not.toBe(text.toLowerCase());
    },
  );
});
