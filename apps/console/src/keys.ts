import { dataOf } from '#sdk';

import type { Schemas } from './queries.js';
import { client } from './server.js';
import type { StepUpHeader } from './step-up.js';

/** A step of a key or of one of its versions that something may depend on. */
export type KeyChange =
  | { readonly kind: 'rotate' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'retire'; readonly kid: string }
  | { readonly kind: 'compromise'; readonly kid: string };

/** What a person fills in: `immediately`, `force`, `reason`. */
type Values = Readonly<Record<string, string>>;

const KEY = '/v1/tenants/{tenantId}/keys/{keyId}';

interface Call {
  readonly values: Values;
  /** Of a fresh proof, where something depends on the key or it is deleted. */
  readonly header: StepUpHeader;
  readonly dryRun: boolean;
}

function call(tenantId: string, keyId: string, change: KeyChange, { values, header, dryRun }: Call) {
  const path = { tenantId, keyId };
  const query = { dryRun };
  const { reason } = values;
  const forced = { force: 'force' in values };
  switch (change.kind) {
    case 'rotate':
      return dataOf(
        client.POST(`${KEY}/rotate`, {
          params: { path, query, header },
          body: { immediately: 'immediately' in values, ...forced },
        }),
      );
    case 'delete':
      return dataOf(client.DELETE(KEY, { params: { path, query, header }, body: forced }));
    case 'retire':
      return dataOf(
        client.POST(`${KEY}/versions/{kid}/retire`, {
          params: { path: { ...path, kid: change.kid }, query, header },
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

export const changeKey = (
  tenantId: string,
  keyId: string,
  change: KeyChange,
  given: Omit<Call, 'dryRun'>,
): Promise<unknown> => call(tenantId, keyId, change, { ...given, dryRun: false });

/** What depends on it, without doing it. */
export const foreseeKeyChange = async (tenantId: string, keyId: string, change: KeyChange) =>
  (await call(tenantId, keyId, change, { values: {}, header: {}, dryRun: true })) as Schemas['KeyDryRun'];
