import type { Actor, ErrorFactory, Origin, PlatformScope, Secret, TenantScope } from '#core';

/** A person who is signed in. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
  readonly platformAdmin: boolean;
  /** What the request shows of a step-up. */
  readonly stepUp?: Secret;
}

/** An application of a tenant that showed one of its credentials. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly tenantId: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly credentialId: string;
  readonly authType: 'service_key' | 'jwt' | 'workload';
}

/** A member or a service account of a tenant that showed an API token. */
export interface ApiTokenPrincipal {
  readonly kind: 'api-token';
  readonly tenantId: string;
  readonly apiTokenId: string;
  readonly owner: { readonly type: 'user' | 'service_account'; readonly id: string; readonly name: string };
}

export type Principal = UserPrincipal | ServicePrincipal | ApiTokenPrincipal;

/** How the audit history names a principal. */
export function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case 'user':
      return { type: 'user', id: principal.userId, name: principal.email };
    case 'api-token':
      return { ...principal.owner, credentialId: principal.apiTokenId };
    case 'service': {
      const { serviceId: id, serviceName: name, credentialId } = principal;
      return { type: 'service', id, name, credentialId };
    }
  }
}

/** The parts of a request that identify its caller. Header values are unchanged. */
export interface UserCredentials {
  readonly authorization?: string;
  /** An API token that came in the URL, and the only permission that it may hold. */
  readonly inQuery?: { readonly token: string; readonly permission: string };
  readonly stepUp?: Secret;
  readonly sourceAddress: string;
  readonly requestId: string;
}

export interface ServiceCredentials extends UserCredentials {
  readonly serviceKey?: string;
  /** Which service a workload with a token of its own issuer wants to act as. */
  readonly serviceId?: string;
}

/**
 * Who calls, and what they may work on. The shell asks, the application answers; every method throws the domain's own
 * errors (`INVALID_CREDENTIALS`, `FORBIDDEN`, `NOT_FOUND`, `TENANT_SUSPENDED`, ...).
 */
export abstract class CallerIdentification {
  /** A person, or who works with an API token in place of a session. */
  abstract user(credentials: UserCredentials): Promise<UserPrincipal | ApiTokenPrincipal>;
  /** @param confirmed `true` by default; `false` where the work of the request confirms what is only remembered of its caller */
  abstract service(credentials: ServiceCredentials, confirmed?: boolean): Promise<ServicePrincipal>;
  abstract tenantScope(
    principal: Principal,
    tenantIdOrSlug: string,
    permission: string,
    origin: Origin,
  ): Promise<TenantScope>;
  abstract platformScope(principal: Principal, permission: string, origin: Origin): Promise<PlatformScope>;
}

/**
 * Whom a permission is for: a member in the tenant of the route, somebody who runs the installation, any signed-in
 * user, or a service in its own tenant.
 */
export type Audience = 'tenant-user' | 'platform-user' | 'user' | 'service';

/** Tells the shell, which knows no permission, whom one is for, and with which errors such a caller may be rejected. */
export abstract class PermissionPolicy {
  abstract audience(permission: string): Audience;
  abstract errorsOf(audience: Audience): readonly ErrorFactory[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every route that is not public. */
    principal?: Principal;
    scope?: TenantScope | PlatformScope;
    /** The exact bytes of a JSON body. */
    rawBody?: Buffer;
  }
}
