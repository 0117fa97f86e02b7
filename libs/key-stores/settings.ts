import { listOf, setting } from '#config';

import { type StoreTypeName, storeForms, storeTypeOf, storeTypes } from './store-types.js';

/** A store that the operator has configured. */
export interface StoreSetting {
  readonly name: string;
  readonly type: StoreTypeName;
  readonly uri: string;
}

/** Who may have keys made in a store. */
interface StoreTenants {
  readonly store: string;
  /** Id of a tenant, or `*` for every tenant. */
  readonly tenantId: string;
}

export const STORE_NAME_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;
const TENANT_PATTERN = /^(\*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const halves = (item: string): readonly [string, string] => {
  const place = item.indexOf('=');
  return place < 0 ? [item, ''] : [item.slice(0, place).trim(), item.slice(place + 1).trim()];
};

function storeSetting(item: string): StoreSetting {
  const [name, uri] = halves(item);
  const type = storeTypeOf(uri);
  if (!STORE_NAME_PATTERN.test(name)) {
    throw new Error('must have names of at most 32 lower-case letters, digits and hyphens, a letter first');
  }
  storeTypes[type].check(uri);
  return { name, type, uri };
}

function storeTenants(item: string): StoreTenants {
  const [store, tenantId] = halves(item);
  if (STORE_NAME_PATTERN.test(store) && TENANT_PATTERN.test(tenantId)) return { store, tenantId };
  throw new Error('must be a list of STORE=TENANT, where TENANT is the id of a tenant, or * for all');
}

export const keyStoreSettings = {
  keyStores: setting({
    variable: 'CHANCERY_KEY_STORES',
    fallback: '',
    // What is rejected may have a PIN.
    secret: true,
    parse: listOf(storeSetting),
    description: `Key stores that create private keys and never reveal them, as comma-separated \`NAME=URI\`. A URI is ${storeForms.map((form) => `\`${form}\``).join(', or ')}. [Key stores](key-stores.md).`,
  }),
  keyStoreTenants: setting({
    variable: 'CHANCERY_KEY_STORE_TENANTS',
    fallback: '',
    parse: listOf(storeTenants),
    description:
      "Tenants that may create keys in each store, as comma-separated `NAME=TENANT`: a tenant's id, or `*` for " +
      'all. Default: none. Existing keys continue to sign.',
  }),
} as const;

/** Names that are used twice, and tenants of a store that there is none of. */
export function keyStoreProblems({
  keyStores,
  keyStoreTenants,
}: {
  readonly keyStores: readonly StoreSetting[];
  readonly keyStoreTenants: readonly StoreTenants[];
}): string[] {
  const names = keyStores.map(({ name }) => name);
  const twice = names.filter((name, place) => names.indexOf(name) !== place);
  const unknown = keyStoreTenants.map(({ store }) => store).filter((store) => !names.includes(store));
  return [
    ...twice.map((name) => `CHANCERY_KEY_STORES: must not have two stores ${name}`),
    ...unknown.map((name) => `CHANCERY_KEY_STORE_TENANTS: must name a store of CHANCERY_KEY_STORES, and not ${name}`),
  ];
}
