import { describe, expect, it } from 'vitest';

import { DomainError } from '#core';

import { requirePlatformRight, roleInTenant } from './authorization.js';
import type { Permission } from './permissions.js';

const codeOf = (decide: () => unknown): unknown => {
  try {
    return decide() ?? 'permitted';
  } catch (error) {
    return error instanceof DomainError ? error.code : error;
  }
};

describe('the right of a user in a tenant', () => {
  it.each([
    ['an owner', 'members:write', 'active', 'owner', false, 'owner'],
    ['an auditor', 'audit:read', 'active', 'auditor', false, 'auditor'],
    ['a role without the permission', 'members:write', 'active', 'auditor', false, 'FORBIDDEN'],
    ['no member', 'tenant:read', 'active', undefined, false, 'NOT_FOUND'],
    ['no member of a suspended tenant', 'tenant:read', 'suspended', undefined, false, 'NOT_FOUND'],
    ['a member of a suspended tenant', 'tenant:read', 'suspended', 'owner', false, 'TENANT_SUSPENDED'],
    ['a member of a deleted tenant', 'tenant:read', 'deleted', 'owner', false, 'NOT_FOUND'],
    ['anybody where there is no tenant', 'tenant:read', undefined, undefined, true, 'NOT_FOUND'],
    ['the platform administrator', 'tenant:read', 'active', undefined, true, 'platform_admin'],
    ['the platform administrator of a suspended tenant', 'tenant:read', 'suspended', undefined, true, 'platform_admin'],
    [
      'the platform administrator with a permission of members',
      'services:read',
      'active',
      undefined,
      true,
      'NOT_FOUND',
    ],
    ['the platform administrator who is a member', 'services:read', 'active', 'auditor', true, 'auditor'],
    ['a service permission', 'tokens:sign', 'active', 'owner', true, 'FORBIDDEN'],
  ] as const)('of %s with %s in a tenant that is %s', (_, permission, tenantState, role, platformAdmin, outcome) => {
    expect(codeOf(() => roleInTenant(permission, { tenantState, role, platformAdmin }))).toBe(outcome);
  });
});

describe('the right of a user on the platform', () => {
  it.each<[Permission, boolean, string]>([
    ['tenants:manage', true, 'permitted'],
    ['tenants:manage', false, 'FORBIDDEN'],
    ['session:self', false, 'permitted'],
    ['services:write', true, 'FORBIDDEN'],
  ])('%s for a platform administrator (%s) is %s', (permission, platformAdmin, outcome) => {
    expect(codeOf(() => requirePlatformRight(permission, platformAdmin))).toBe(outcome);
  });
});
