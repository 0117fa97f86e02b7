import { describe, expect, it } from 'vitest';

import {
  type Audience,
  type Permission,
  isPermission,
  permissionRow,
  permissions,
  permissionsOfRole,
  platformAdminPermissions,
  tokenPermissions,
} from './permissions.js';
import { roles } from './roles.js';

/**
 * The roles of the product, written down a second time: who may what, as `owner full_access limited_access auditor`,
 * then platform administrator; `+` may, `-` may not.
 */
const MATRIX: Readonly<Record<Permission, readonly [members: string, platformAdmin: '+' | '-', Audience]>> = {
  'session:self': ['++++', '+', 'user'],
  'tenants:list': ['----', '+', 'platform-user'],
  'tenants:manage': ['----', '+', 'platform-user'],
  'users:manage': ['----', '+', 'platform-user'],
  'scheduler:manage': ['----', '+', 'platform-user'],
  'platform-identity-providers:manage': ['----', '+', 'platform-user'],
  'platform-history:manage': ['----', '+', 'platform-user'],
  'platform-audit:read': ['----', '+', 'platform-user'],
  'platform-history:erase': ['----', '+', 'platform-user'],
  'tenant:read': ['++++', '+', 'tenant-user'],
  'tenant:write': ['+---', '-', 'tenant-user'],
  'members:read': ['++++', '-', 'tenant-user'],
  'members:write': ['++--', '-', 'tenant-user'],
  'members:recover': ['+---', '-', 'tenant-user'],
  'api-tokens:self': ['++++', '-', 'tenant-user'],
  'service-accounts:read': ['++++', '-', 'tenant-user'],
  'service-accounts:write': ['+---', '-', 'tenant-user'],
  'services:read': ['++++', '-', 'tenant-user'],
  'services:write': ['++--', '-', 'tenant-user'],
  'credentials:reveal': ['+++-', '-', 'tenant-user'],
  'keys:read': ['++++', '-', 'tenant-user'],
  'keys:write': ['++--', '-', 'tenant-user'],
  'keys:export': ['+---', '-', 'tenant-user'],
  'certificate-authorities:write': ['+---', '-', 'tenant-user'],
  'certificates:read': ['++++', '-', 'tenant-user'],
  'certificates:issue': ['+++-', '-', 'tenant-user'],
  'certificates:write': ['++--', '-', 'tenant-user'],
  'acme:read': ['++++', '-', 'tenant-user'],
  'acme:write': ['++--', '-', 'tenant-user'],
  'token-profiles:read': ['++++', '-', 'tenant-user'],
  'token-profiles:write': ['++--', '-', 'tenant-user'],
  'transactions:read': ['+++-', '-', 'tenant-user'],
  'licenses:read': ['++++', '-', 'tenant-user'],
  'expirations:read': ['++++', '-', 'tenant-user'],
  'audit:read': ['++-+', '-', 'tenant-user'],
  'history:erase': ['+---', '-', 'tenant-user'],
  'identity-providers:read': ['++-+', '-', 'tenant-user'],
  'identity-providers:write': ['+---', '-', 'tenant-user'],
  'webhooks:read': ['++-+', '-', 'tenant-user'],
  'webhooks:write': ['++--', '-', 'tenant-user'],
  'tokens:sign': ['----', '-', 'service'],
  'tokens:verify': ['----', '-', 'service'],
  'certificates:request': ['----', '-', 'service'],
  'callers:authenticate': ['----', '-', 'service'],
  'service:self': ['----', '-', 'service'],
};

describe('permissions', () => {
  it('the permissions are those of the matrix, no more and no fewer', () => {
    expect(Object.keys(permissions).toSorted()).toEqual(Object.keys(MATRIX).toSorted());
  });

  it.each(Object.entries(MATRIX))('the permission %s is held by %j', (name, [members, platformAdmin, audience]) => {
    const row = permissionRow(name as Permission);
    expect(roles.map((role) => (row.roles.includes(role) ? '+' : '-')).join('')).toBe(members);
    expect([row.platformAdmin ? '+' : '-', row.audience]).toEqual([platformAdmin, audience]);
    expect(row.description).not.toBe('');
  });

  it('the permissions of a role, and of the platform administrator, are those of the matrix', () => {
    const held = (column: number) =>
      Object.entries(MATRIX).flatMap(([name, [members, , audience]]) =>
        audience === 'tenant-user' && members[column] === '+' ? [name] : [],
      );
    roles.forEach((role, column) => expect(permissionsOfRole(role)).toEqual(held(column)));
    expect(platformAdminPermissions).toEqual([
      'tenants:list',
      'tenants:manage',
      'users:manage',
      'scheduler:manage',
      'platform-identity-providers:manage',
      'platform-history:manage',
      'platform-audit:read',
      'platform-history:erase',
      'tenant:read',
    ]);
  });

  it('the permissions over people, tokens and receivers of events are held by no API token, nor those of others than members', () => {
    const withheld = Object.keys(permissions).filter((name) => !tokenPermissions.includes(name as Permission));
    const ofMembers = withheld.filter((name) => permissionRow(name as Permission).audience === 'tenant-user');
    expect(ofMembers).toEqual([
      'members:write',
      'members:recover',
      'api-tokens:self',
      'service-accounts:write',
      'history:erase',
      'identity-providers:write',
      'webhooks:write',
    ]);
    for (const name of tokenPermissions) expect(permissionRow(name).audience).toBe('tenant-user');
  });

  it.each([
    ['keys:write', true],
    ['keys:Write', false],
    ['toString', false],
    ['', false],
  ])('%j is a permission: %s', (text, known) => {
    expect(isPermission(text)).toBe(known);
  });
});
