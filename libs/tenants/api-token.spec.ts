import { describe, expect, it } from 'vitest';

import { API_TOKEN_LIFETIME_MAX, apiTokenStateAt, requireExpiry, requirePermissions } from './api-token.js';

const findings = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { errors: { pointer: string; code: string }[] }).errors.map(({ pointer, code }) => [
      pointer,
      code,
    ]);
  }
};

describe('an API token', () => {
  it.each([
    [{ revokedAt: null, expiresAt: 11 }, 'active'],
    [{ revokedAt: null, expiresAt: 10 }, 'expired'],
    [{ revokedAt: 5, expiresAt: 11 }, 'revoked'],
    [{ revokedAt: 5, expiresAt: 10 }, 'revoked'],
  ] as const)('an API token with %j is %s at 10', (token, state) => {
    expect(apiTokenStateAt(token, 10)).toBe(state);
  });

  it('an API token holds permissions of the role of its owner, each once', () => {
    const asked = ['keys:read', 'services:write', 'keys:read'];
    expect(requirePermissions(asked, 'full_access')).toEqual(['keys:read', 'services:write']);
  });

  it('an API token holds no permission beyond the role of its owner, none for people only, and none that is unknown', () => {
    const asked = ['keys:read', 'services:write', 'members:write', 'tokens:sign', 'tenants:manage', 'toString'];
    expect(findings(() => requirePermissions(asked, 'auditor'))).toEqual([
      ['/permissions/1', 'BEYOND_ROLE'],
      ['/permissions/2', 'NOT_FOR_TOKENS'],
      ['/permissions/3', 'NOT_FOR_TOKENS'],
      ['/permissions/4', 'NOT_FOR_TOKENS'],
      ['/permissions/5', 'NOT_FOR_TOKENS'],
    ]);
  });

  it.each([
    [100, 'now'],
    [100 + API_TOKEN_LIFETIME_MAX + 1, 'after a year'],
  ])('an API token cannot expire at %i, which is %s', (expiresAt) => {
    expect(findings(() => requireExpiry(expiresAt, 100))).toEqual([['/expiresAt', 'OUT_OF_RANGE']]);
  });

  it('an API token can expire at any time within a year', () => {
    expect(findings(() => requireExpiry(101, 100))).toBeUndefined();
    expect(findings(() => requireExpiry(100 + API_TOKEN_LIFETIME_MAX, 100))).toBeUndefined();
  });
});
