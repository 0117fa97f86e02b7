import { describe, expect, it } from 'vitest';

import { type RoleMapping, groupsIn, rolesOf } from './role-mapping.js';

const MAPPINGS: readonly RoleMapping[] = [
  { group: 'staff', role: 'limited_access' },
  { group: 'admins', role: 'owner' },
  { group: 'checkers', role: 'auditor' },
  { group: 'admins', role: 'full_access', tenantId: 'other' },
];

describe('the roles of a person by groups', () => {
  it.each([
    [['staff'], 'limited_access', undefined],
    [['checkers', 'staff'], 'limited_access', undefined],
    [['checkers', 'admins', 'staff'], 'owner', 'full_access'],
    [['Staff', 'staff '], undefined, undefined],
    [[], undefined, undefined],
  ] as const)('the roles of a person by the groups %j are %s here and %s in the other tenant', (groups, own, other) => {
    expect([...rolesOf(MAPPINGS, groups, 'own')]).toEqual([
      ['own', own],
      ['other', other],
    ]);
  });

  it('the roles of a person without a group are those of the mapping for everybody', () => {
    expect([...rolesOf([{ group: '*', role: 'auditor' }], [], 'own')]).toEqual([['own', 'auditor']]);
  });
});

describe('the groups of a claim', () => {
  it.each([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    ['a', ['a']],
    [['a', 1, null, { b: 'c' }], ['a']],
    [{ a: true }, []],
    [['*'], []],
    [Array.from({ length: 1_001 }, () => 'a'), []],
  ])('the groups of the claim %j', (groups, expected) => {
    expect(groupsIn({ groups }, 'groups')).toEqual(expected);
  });

  it('the groups of a claim that is not there, or only inherited, are none', () => {
    expect([groupsIn({}, 'groups'), groupsIn({}, 'constructor')]).toEqual([[], []]);
  });
});
