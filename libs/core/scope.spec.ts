import { describe, expect, it } from 'vitest';
import { INSTALLATION_ID } from './ids.js';
import { platformScope, systemOrigin } from './scope.js';

describe('scopes', () => {
  it('the scope of the platform has an id that no tenant can have', () => {
    const origin = systemOrigin('first-start');
    expect(platformScope(origin)).toEqual({
      actor: { type: 'system', id: 'first-start', name: 'first-start' },
      requestId: 'system-first-start',
      sourceAddress: null,
      tenantId: INSTALLATION_ID,
    });
  });
});
