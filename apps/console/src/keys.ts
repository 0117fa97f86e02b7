import { dataOf } from '#sdk';

import type { Schemas } from './queries.js';
import { client } from './server.js';

/** A step of a key or of one of its versions that something may depend on. */
export type KeyChange =
  | { readonly kind: 'rotate' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'retire'; readonly kid: string }
  | { readonly kind: 'compromise'; readonly kid: string };

/** What a person fills in: `immediately`, `force`, `password`, `reason`. */
type Values = Readonly<Record<string, string>>;

const KEY = '/v1/tenants/{tenantId}/keys/{keyId}';

function call(tenantId: string, keyId: string, change: KeyChange, values: Values, dryRun: boolean) {
  const path = { tenantId, keyId };
  const query = { dryRun };
  const { password, reason } = values;
  const forced = { force: 'force' in values, ...(password === undefined ? {} : { password }) };
  switch (change.kind) {
    case 'rotate':
      return dataOf(
        client.POST(`${KEY}/rotate`, {
          params: { path, query },
          body: { immediately: 'immediately' in values, ...forced },
        }),
      );
    case 'delete':
      return dataOf(client.DELETE(KEY, { params: { path, query }, body: forced }));
    case 'retire':
      return dataOf(
        client.POST(`${KEY}/versions/{kid}/retire`, {
          params: { path: { ...path, kid: change.kid }, query },
          body: forced,
        }),
      );
    case 'compromise':
      return dataOf(
        client.POST(`${KEY}/versions/{kid}/compromise`, {
          params: { path: { ...path, kid: change.kid }, query },
          body: reason === undefined ? {} : { reason },
        }),
      );
  }
}

export const changeKey = (tenantId: string, keyId: string, change: KeyChange, values: Values): Promise<unknown> =>
  call(tenantId, keyId, change, values, false);

/** What depends on it, without doing it. */
export const foreseeKeyChange = async (tenantId: string, keyId: string, change: KeyChange) =>
  (await call(tenantId, keyId, change, {}, true)) as Schemas['KeyDryRun'];
