import { describe, expect, it } from 'vitest';

import { reasonOf, reasonWithout } from './reasons.js';

describe('reasons', () => {
  it('a code that the console does not know is shown as it is', () => {
    expect(reasonOf('SOMETHING_NEW')).toContain('SOMETHING_NEW');
  });

  it('a permission that the role has needs no reason, and one that it lacks is named', () => {
    expect(reasonWithout(['keys:read'], 'keys:read', 'auditor')).toBeUndefined();
    expect(reasonWithout(['keys:read'], 'keys:write', 'limited_access')).toBe(
      'The role Limited access does not permit this (keys:write)',
    );
  });
});
