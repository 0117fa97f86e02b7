import { awsStoreType } from './aws-store.js';
import { googleStoreType } from './google-store.js';
import { pkcs11StoreType } from './pkcs11-store.js';
import type { StoreType } from './key-store.js';
import { transitStoreType } from './transit-store.js';

/** Every kind of store. A new one is a file and a line here. */
export const storeTypes = {
  pkcs11: pkcs11StoreType,
  transit: transitStoreType,
  'aws-kms': awsStoreType,
  'gcp-kms': googleStoreType,
} as const satisfies Record<string, StoreType>;

export type StoreTypeName = keyof typeof storeTypes;
const types: Readonly<Record<StoreTypeName, StoreType>> = storeTypes;
export const storeTypeNames = Object.keys(types) as StoreTypeName[];

/** What the URIs of each kind look like. */
export const storeForms: readonly string[] = storeTypeNames.map((name) => types[name].form);

/** The kind of store that a URI names. @throws Error that lists the forms */
export function storeTypeOf(uri: string): StoreTypeName {
  const found = storeTypeNames.find((name) => types[name].scheme.test(uri));
  if (found) return found;
  throw new Error(`must be NAME=URI, where the URI is ${storeForms.join(', or ')}`);
}
