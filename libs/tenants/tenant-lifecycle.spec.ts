import { describe, expect, it } from 'vitest';

import { tenantLifecycle } from './tenant-lifecycle.js';

describe('the lifecycle of a tenant', () => {
  it.each([
    ['active', ['suspend', 'delete']],
    ['suspended', ['reactivate', 'delete']],
    ['deleted', []],
  ] as const)('a tenant that is %s permits %j', (state, events) => {
    expect(tenantLifecycle.allowedFrom(state)).toEqual(events);
  });

  it('the lifecycle of a tenant leads where it says', () => {
    const { suspend, reactivate, delete: remove } = tenantLifecycle.event;
    expect([suspend.to, reactivate.to, remove.to]).toEqual(['suspended', 'active', 'deleted']);
    expect(tenantLifecycle.initial).toEqual(['active']);
  });
});
