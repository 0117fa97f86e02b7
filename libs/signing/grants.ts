import type { PlatformScope, TenantScope } from '#core';

/** Names of token profiles; `*` means all. */
export type Grants = readonly string[];

export const isGranted = (grants: Grants, profile: string): boolean => grants.includes(profile) || grants.includes('*');

/** The effective grants: in the transaction of a service its present ones, otherwise those of the caller. */
export const grantsOf = (scope: TenantScope | PlatformScope, admittedWith: Grants): Grants =>
  'grants' in scope && scope.grants ? scope.grants : admittedWith;
