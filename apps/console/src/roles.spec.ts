import { describe, expect, it } from 'vitest';

import { grantableRoles, reasonNotGranted, reasonNotManaged } from './roles.js';

describe('what a role gives and manages', () => {
  it('an owner gives every role, others only those below their own', () => {
    expect(grantableRoles('owner')).toEqual(['owner', 'full_access', 'limited_access', 'auditor']);
    expect(grantableRoles('full_access')).toEqual(['limited_access', 'auditor']);
    expect(grantableRoles('auditor')).toEqual([]);
  });

  it('full access manages its equals, and gives them no equal', () => {
    expect(reasonNotManaged('full_access', 'full_access')).toBeUndefined();
    expect(reasonNotGranted('full_access', 'full_access')).toBe(
      'The role Full access does not give the role Full access',
    );
    expect(reasonNotManaged('full_access', 'owner')).toContain('does not manage members with the role Owner');
    expect(reasonNotManaged('limited_access', 'auditor')).toBeDefined();
    expect(reasonNotManaged('owner', 'owner')).toBeUndefined();
  });
});
