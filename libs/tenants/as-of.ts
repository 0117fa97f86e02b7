import { type Json, type Projection, textOf, transitions } from '#core';

import { memberEvents, tenantEvents } from './events.js';
import { type TenantState, tenantLifecycle } from './tenant-lifecycle.js';

/** A tenant, rebuilt from its history. */
export interface TenantAsOf {
  readonly id: string;
  readonly name: string | null;
  readonly state: TenantState;
  /** Only settings that the tenant had set itself. */
  readonly settings: { readonly [name: string]: Json };
}

export const tenantProjection: Projection<TenantAsOf> = {
  begins: {
    [tenantEvents.created.action]: ({ targetId, after }) => ({
      id: targetId,
      name: textOf(after['name']),
      state: 'active',
      settings: {},
    }),
  },
  changes: {
    ...transitions<TenantAsOf>(tenantLifecycle),
    [tenantEvents.changed.action]: (row, { after }) => ({ ...row, ...(after as Partial<TenantAsOf>) }),
  },
  at: (row) => row,
};

/** A member, rebuilt from the history. */
export interface MemberAsOf {
  /** Id of the user. */
  readonly id: string;
  readonly email: string | null;
  readonly role: string | null;
}

export const memberProjection: Projection<MemberAsOf> = {
  begins: {
    [memberEvents.added.action]: ({ targetId, after }) => ({
      id: targetId,
      email: textOf(after['email']),
      role: textOf(after['role']),
    }),
  },
  changes: {
    [memberEvents.changed.action]: (row, { after }) => ({ ...row, role: textOf(after['role']) ?? row.role }),
    [memberEvents.removed.action]: () => undefined,
  },
  at: (row) => row,
};
