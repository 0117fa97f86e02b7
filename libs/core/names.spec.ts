import { describe, expect, it } from 'vitest';

import { isVisibleName, normalizeName } from './names.js';

describe('a name', () => {
  it.each([
    ['billing', 'billing'],
    [' billing ', 'billing'],
    ['bill  ing', 'bill ing'],
    ['bill\u00a0ing\u3000', 'bill ing'],
    ['Mu\u0308ller', 'M\u00fcller'],
    ['\u212bngstr\u00f6m', '\u00c5ngstr\u00f6m'],
    ['\uff22illing', '\uff22illing'],
    ['  ', '  '],
    ['', ''],
  ])('a name %j is stored as %j', (text, normalized) => {
    expect(normalizeName(text)).toBe(normalized);
    expect(normalizeName(normalized)).toBe(normalized);
  });

  it.each([
    ['billing', true],
    ['\u00dcber uns \u2013 \u6771\u4eac', true],
    // A family, a flag of a part of a country, a heart in colour.
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', true],
    ['\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', true],
    ['\u2764\ufe0f', true],
    // "I go" in Persian, a half form in Hindi.
    ['\u0645\u06cc\u200c\u0631\u0648\u0645', true],
    ['\u0915\u094d\u200d\u0937', true],
    ['bill\u200bing', false],
    ['bill\u200ding', false],
    ['\u0645\u200c', false],
    ['billing\ufe0f', false],
    ['bill\u00ading', false],
    ['\ufeffbilling', false],
    ['bill\u2060ing', false],
    ['bill\u202eing', false],
    ['bill\u3164ing', false],
    ['bill\ning', false],
    ['bill\u2028ing', false],
    ['bill\ud800ing', false],
  ])('a name %j is accepted: %s', (text, accepted) => {
    expect(isVisibleName(text)).toBe(accepted);
  });
});
