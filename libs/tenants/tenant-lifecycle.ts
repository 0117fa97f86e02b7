import { defineLifecycle } from '#core';

export const tenantLifecycle = defineLifecycle({
  noun: 'tenant',
  states: ['active', 'suspended', 'deleted'],
  initial: ['active'],
  events: {
    suspend: [['active'], 'suspended'],
    reactivate: [['suspended'], 'active'],
    delete: [['active', 'suspended'], 'deleted'],
  },
});

export type TenantState = (typeof tenantLifecycle.states)[number];
