import { describe, expect, it } from 'vitest';

import { signInSearch } from './session-end.js';

describe('the address of the page for signing in', () => {
  it('a person comes back to where they were', () => {
    const next = '/t/acme/history?targetType=service';
    expect(signInSearch({ next, reason: 'expired', tenant: 'acme' })).toEqual({
      next,
      reason: 'expired',
      tenant: 'acme',
    });
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    't/acme',
    '/t/acme#cinv_token',
    `/${'a'.repeat(2_001)}`,
    { href: '/' },
  ])('no person is led to another host, or by an address that is none: %j', (next) => {
    expect(signInSearch({ next })).toEqual({});
  });

  it('a reason that is not known is none', () => {
    expect(signInSearch({ reason: 'constructor' })).toEqual({});
  });
});
