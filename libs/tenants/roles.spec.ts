import { describe, expect, it } from 'vitest';

import { mayGrant, mayManage, roles } from './roles.js';

/** Actor, what it may grant, whom it may change or remove. */
const RULES = [
  [
    'owner',
    ['owner', 'full_access', 'limited_access', 'auditor'],
    ['owner', 'full_access', 'limited_access', 'auditor'],
  ],
  ['full_access', ['limited_access', 'auditor'], ['full_access', 'limited_access', 'auditor']],
  ['limited_access', [], []],
  ['auditor', [], []],
] as const;

describe('roles', () => {
  it('every role has a rule', () => {
    expect(RULES.map(([role]) => role)).toEqual(roles);
  });

  it.each(RULES)('the role %s grants %j and manages %j', (actor, granted, managed) => {
    expect(roles.filter((role) => mayGrant(actor, role))).toEqual(granted);
    expect(roles.filter((role) => mayManage(actor, role))).toEqual(managed);
  });
});
