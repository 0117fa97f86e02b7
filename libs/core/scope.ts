import { INSTALLATION_ID } from './ids.js';
import type { Secret } from './secret.js';

/**
 * Who acts: a person, a service with its credential, a service account (automation of a tenant), or Chancery itself
 * (scheduler, first start, CLI).
 */
export interface Actor {
  readonly type: 'user' | 'service' | 'service_account' | 'system';
  readonly id: string;
  /** What a reader of the history recognises: e-mail of a user, name of a service, name of a job. */
  readonly name: string;
  /** The credential that a service authenticated with, or the API token of a person or a service account. */
  readonly credentialId?: string;
  /** Role of the user in the tenant of the scope. */
  readonly role?: string;
}

/**
 * What a caller proved when the request arrived. It shows who the caller is and not what the caller may do: that is read
 * again inside each transaction, because it can have been withdrawn in between.
 */
export type Evidence =
  /** A signed-in user, on a route that requires the permission; with the token of a step-up where the request shows one. */
  | { readonly kind: 'session'; readonly sessionId: string; readonly permission: string; readonly stepUp?: Secret }
  /** An API token of a user or a service account, on a route that requires the permission. */
  | { readonly kind: 'api-token'; readonly apiTokenId: string; readonly permission: string }
  /** A service with the credential of the actor. */
  | { readonly kind: 'credential' }
  /** A service by the key of an ACME account that is bound to it (RFC 8555 §7.3.4). */
  | { readonly kind: 'acme-account'; readonly accountId: string; readonly publicKeyHash: string }
  /** A caller without an account of its own, whom a tenant's configuration admits (an ID token of a trusted issuer). */
  | { readonly kind: 'tenant' }
  /** The work decides by itself inside its transaction: log-in, a request signed by a certified key, records of requests. */
  | { readonly kind: 'work' };

/** Where a piece of work comes from; every audit event repeats it. */
export interface Origin {
  readonly actor: Actor;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  /** Absent for Chancery's own work. */
  readonly evidence?: Evidence;
  /** What its transactions do is undone: see `DryRunEnd` of the database. Scopes that are derived from it are dry runs, too. */
  readonly dryRun?: true;
}

/** Work inside exactly one tenant. Everything that a use-case reads or writes goes through it. */
export interface TenantScope extends Origin {
  readonly tenantId: string;
  /** Inside the transaction of a service: the token profiles that it may use at this moment; `*` means all. */
  readonly grants?: readonly string[];
}

/** Work on the installation: tenants, users, sessions, the installation's own history. */
export interface PlatformScope extends Origin {
  readonly tenantId: typeof INSTALLATION_ID;
}

export const platformScope = (origin: Origin): PlatformScope => ({ ...origin, tenantId: INSTALLATION_ID });

export const isPlatformScope = (scope: TenantScope | PlatformScope): scope is PlatformScope =>
  scope.tenantId === INSTALLATION_ID;

/** The same caller and place for work that decides by itself, inside its transaction, what the caller may do. */
export const selfDeciding = <Scope extends Origin>(scope: Scope): Scope => ({ ...scope, evidence: { kind: 'work' } });

/** The same caller and place for work that changes nothing and tells what it would record. */
export const asDryRun = <Scope extends Origin>(scope: Scope): Scope => ({ ...scope, dryRun: true });

export const systemOrigin = (name: string): Origin => ({
  actor: { type: 'system', id: name, name },
  requestId: `system-${name}`,
  sourceAddress: null,
});
