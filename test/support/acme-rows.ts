import { randomUUID } from 'node:crypto';

import { DAY } from '#core';

import { type Row, newHash } from './due-rows.js';

/** How rows of a table are made, see `due-samples.ts`. */
type Insert = (table: string, row: (key: string) => Row, newKey?: () => string) => () => Promise<string>;

/** What is removed of ACME by its age: by the noun of its kind. */
export function acmeKinds(tenantId: string, insert: Insert) {
  const removed = { statement: 'DELETE' as const, unhandled: {} };
  const expired = (at: number): Row => ({ expiresAt: at - 90 * DAY });
  const orderExpired = (at: number): Row => ({ expiresAt: at - 7 * DAY });
  const owned = (id: string): Row => ({ id, tenantId, caId: id, createdAt: 0, expiresAt: 0 });
  const versioned = { version: 1, updatedAt: 0 };
  const order = insert('acme_orders', (id) => ({
    ...owned(id),
    ...versioned,
    accountId: id,
    state: 'invalid',
    names: '[]',
    authorizationIds: '[]',
  }));
  return {
    'ACME nonce': {
      ...removed,
      table: 'acme_nonces',
      make: insert('acme_nonces', (id) => ({ id, expiresAt: 0 }), newHash),
      due: (at: number): Row => ({ expiresAt: at }),
    },
    'ACME binding': {
      ...removed,
      table: 'acme_bindings',
      make: insert('acme_bindings', (id) => ({ ...owned(id), serviceId: id, createdBy: id })),
      due: expired,
    },
    'ended ACME account': {
      ...removed,
      table: 'acme_accounts',
      make: insert('acme_accounts', (id) => ({
        ...versioned,
        id,
        tenantId,
        caId: id,
        serviceId: id,
        bindingId: randomUUID(),
        state: 'revoked',
        publicKey: '{}',
        publicKeyHash: newHash(),
        contacts: '[]',
        createdAt: 0,
      })),
      due: (at: number): Row => ({ endedAt: at - 90 * DAY }),
    },
    'ACME order': { ...removed, table: 'acme_orders', make: order, due: orderExpired },
    'ACME order of an expired certificate': {
      ...removed,
      table: 'acme_orders',
      make: order,
      due: (at: number): Row => ({ certificateKid: 'x', certificateEndsAt: at }),
    },
    'ACME authorization': {
      ...removed,
      table: 'acme_authorizations',
      make: insert('acme_authorizations', (id) => ({
        ...owned(id),
        orderId: id,
        accountId: id,
        state: 'invalid',
        name: 'a.internal',
        wildcard: 0,
        token: 'x',
        attempts: 0,
        leasedUntil: 0,
      })),
      due: orderExpired,
    },
  };
}
