import type { Schemas } from './queries.js';

type AsOf = Schemas['AsOf'];

/** The kinds of things that are rebuilt from the history, as the API names them, and how people do. */
export const AS_OF_KINDS = {
  services: 'Services',
  credentials: 'Credentials',
  trusts: 'Trusts',
  keys: 'Keys',
  tokenProfiles: 'Token profiles',
  certificates: 'Certificates',
  members: 'Members',
} as const satisfies { readonly [Kind in keyof AsOf]?: string };

export type AsOfKind = keyof typeof AS_OF_KINDS;
export const asOfKinds = Object.keys(AS_OF_KINDS) as AsOfKind[];
