import { describe, expect, it } from 'vitest';

import { normalizeEmail } from './email.js';

describe('an e-mail address', () => {
  it.each([
    ['ann@example.com', 'ann@example.com'],
    ['  Ann@Example.COM\t', 'ann@example.com'],
    ['A\u0308nn@example.com', 'änn@example.com'],
    ['ａnn@example.com', 'ann@example.com'],
  ])('the e-mail address %j is looked up as %j', (text, normalized) => {
    expect(normalizeEmail(text)).toBe(normalized);
    expect(normalizeEmail(normalized)).toBe(normalized);
  });
});
