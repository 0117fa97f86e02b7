import { INSTALLATION_ID } from './ids.js';

/** Who acts: a signed-in user, a service with its credential, or Chancery itself (scheduler, first start, CLI). */
export interface Actor {
  readonly type: 'user' | 'service' | 'system';
  readonly id: string;
  /** What a reader of the history recognises: e-mail of a user, name of a service, name of a job. */
  readonly name: string;
  /** The credential that a service authenticated with. */
  readonly credentialId?: string;
  /** Role of the user in the tenant of the scope. */
  readonly role?: string;
}

/** Where a piece of work comes from; every audit event repeats it. */
export interface Origin {
  readonly actor: Actor;
  readonly requestId: string;
  readonly sourceAddress: string | null;
}

/** The right to work inside exactly one tenant. Everything that a use-case reads or writes goes through it. */
export interface TenantScope extends Origin {
  readonly tenantId: string;
}

/** The right to work on the installation: tenants, users, sessions, the installation's own history. */
export interface PlatformScope extends Origin {
  readonly tenantId: typeof INSTALLATION_ID;
}

export const platformScope = (origin: Origin): PlatformScope => ({ ...origin, tenantId: INSTALLATION_ID });

export const systemOrigin = (name: string): Origin => ({
  actor: { type: 'system', id: name, name },
  requestId: `system-${name}`,
  sourceAddress: null,
});
