import { describe, expect, it } from 'vitest';

import { isDnsNamePattern } from './dns-name-patterns.js';

describe('a pattern of DNS names', () => {
  it.each([
    'api.acme.example',
    'localhost',
    'API.Acme.example',
    'a-b.c1',
    '*.acme.example',
    `${'a'.repeat(63)}.example`,
  ])('a pattern of DNS names accepts %s', (text) => expect(isDnsNamePattern(text)).toBe(true));

  it.each([
    '',
    '*',
    '*.',
    '*.example',
    '*.internal',
    '**.acme.example',
    'a.*.example',
    '*acme.example',
    '*.*.acme.example',
    '.acme.example',
    'acme.example.',
    '-a.example',
    'a_b.example',
    'a b.example',
    'ärger.example',
    'https://acme.example',
    'acme.example:443',
    'ada@acme.example',
    '192.0.2.1',
    '*.192.0.2.1',
    'n1.a.1',
    '*.a.1',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}example`,
  ])('a pattern of DNS names rejects %j', (text) => expect(isDnsNamePattern(text)).toBe(false));
});
