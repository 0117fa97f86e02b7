import { describe, expect, it } from 'vitest';

import { isEmailAddress, normalizeEmail } from './email.js';

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

  it.each([
    ['admin@localhost', true],
    ['ann+x@example.com', true],
    ['ann', false],
    ['', false],
    ['a@b@example.com', false],
    ['a b@example.com', false],
    ['ann@exam\u200bple.com', false],
    ['ann\ud800@example.com', false],
    [`${'a'.repeat(242)}@example.com`, true],
    [`${'a'.repeat(243)}@example.com`, false],
  ])('an account can have the address %j: %s', (text, accepted) => {
    expect(isEmailAddress(text)).toBe(accepted);
  });
});
