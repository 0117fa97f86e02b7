import { type EpochMilliseconds, defineLifecycle } from '#core';

import { tenantEvents } from './events.js';

const tenantStates = ['active', 'suspended', 'deleted'] as const;
export type TenantState = (typeof tenantStates)[number];

/** The columns of a tenant that its lifecycle reads and sets. */
interface TenantColumns {
  readonly id: string;
  readonly slug: string;
  readonly deletedAt: EpochMilliseconds | null;
}

export const tenantLifecycle = defineLifecycle({
  noun: 'tenant',
  states: tenantStates,
  initial: ['active'],
  live: ['active', 'suspended'],
  // Recorded in the history of the installation and in the tenant's own.
  about: ({ id }: TenantColumns) => [{ targetId: id }, { targetId: id, tenantId: id }],
  events: {
    suspend: { from: ['active'], to: 'suspended', done: 'suspended', records: tenantEvents.suspended },
    reactivate: { from: ['suspended'], to: 'active', done: 'reactivated', records: tenantEvents.reactivated },
    delete: {
      from: ['active', 'suspended'],
      to: 'deleted',
      done: 'deleted',
      records: tenantEvents.deleted,
      sets: (_, at) => ({ deletedAt: at }),
      details: ({ slug }) => ({ slug }),
    },
  },
});
