import { type CanActivate, type ExecutionContext, type INestApplicationContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Origin, Secret, coreErrors } from '#core';
import { declaredRoutes } from './declared-routes.js';
import { CallerIdentification, PermissionPolicy, type UserCredentials, actorOf } from './principal.js';
import { acceptsTokenInQuery, confirmsCaller, routeAccess } from './requires.js';
import { sourceAddressOf } from './source-address.js';

/** The name that every tenant route gives to its tenant: an id or a slug. */
export const TENANT_PARAMETER = 'tenantId';

/** Lets a request through once its caller is known and holds the permission of the route; attaches both to it. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly callers: CallerIdentification,
    private readonly policy: PermissionPolicy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = routeAccess(context.getHandler(), context.getClass());
    if (access === undefined) throw coreErrors.INTERNAL_ERROR('The route declares no access');
    const confirmed = !confirmsCaller(context.getHandler(), context.getClass());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { permission } = access;
    const isAsked = !access.public || (showsCredentials(request) && (access.isShown?.(request) ?? true));
    const inQuery = acceptsTokenInQuery(context.getHandler(), context.getClass());
    if (permission !== undefined && isAsked) await this.admit(request, permission, { confirmed, inQuery });
    return true;
  }

  private async admit(
    request: FastifyRequest,
    permission: string,
    { confirmed, inQuery }: { readonly confirmed: boolean; readonly inQuery: boolean },
  ): Promise<void> {
    const audience = this.policy.audience(permission);
    if (audience === 'service') {
      const principal = await this.callers.service(serviceCredentials(request), confirmed);
      request.principal = principal;
      request.scope = await this.callers.tenantScope(principal, principal.tenantId, permission, originOf(request));
      return;
    }
    const credentials = (inQuery ? queryCredentials(request, permission) : undefined) ?? userCredentials(request);
    request.principal = await this.callers.user(credentials);
    if (audience === 'tenant-user') {
      const tenant = tenantParameter(request);
      // The route table is ours: a tenant permission on a route without a tenant is a mistake of this program.
      if (tenant === undefined) throw coreErrors.INTERNAL_ERROR('The route names no tenant');
      request.scope = await this.callers.tenantScope(request.principal, tenant, permission, originOf(request));
    } else {
      // What every signed-in user may do (`user`) is work on the installation: their own session and account.
      request.scope = await this.callers.platformScope(request.principal, permission, originOf(request));
    }
  }
}

/** Shows a fresh proof of the user, instead of a `password` in the body: `POST /v1/auth/step-up` gives it. */
export const STEP_UP_HEADER = 'X-Step-Up';

/** What a request without a header shows in its query, on a route that accepts it there. */
function queryCredentials(request: FastifyRequest, permission: string): UserCredentials | undefined {
  const { headers, query } = request;
  const { token } = query as Record<string, unknown>;
  if (headers.authorization !== undefined || typeof token !== 'string') return undefined;
  return { inQuery: { token, permission }, sourceAddress: sourceAddressOf(request), requestId: request.id };
}

function userCredentials(request: FastifyRequest): UserCredentials {
  const { authorization } = request.headers;
  if (authorization === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
  const stepUp = request.headers[STEP_UP_HEADER.toLowerCase()];
  return {
    authorization,
    sourceAddress: sourceAddressOf(request),
    requestId: request.id,
    ...(typeof stepUp === 'string' ? { stepUp: new Secret(stepUp) } : {}),
  };
}

/** `key` is the name that clients of Webex Connect send. */
const SERVICE_KEY_HEADERS = ['x-service-key', 'key'] as const;
/** Names the service that a workload with a token of its own issuer wants to act as: such a token says nothing of services. */
export const SERVICE_ID_HEADER = 'X-Service-Id';
const SERVICE_ID = SERVICE_ID_HEADER.toLowerCase();
/** Where a client shows credentials. */
const SHOWN_IN = ['authorization', ...SERVICE_KEY_HEADERS] as const;
const showsCredentials = ({ headers }: FastifyRequest): boolean => SHOWN_IN.some((name) => headers[name] !== undefined);

/** What a request shows of a service. @throws CREDENTIALS_REQUIRED */
function serviceCredentials(request: FastifyRequest) {
  const { authorization } = request.headers;
  const offered = SERVICE_KEY_HEADERS.flatMap((name) => request.headers[name] ?? []);
  // Two that differ are ambiguous: joined they match no key.
  const serviceKey = offered.length === 0 ? undefined : [...new Set(offered)].join(',');
  if (authorization === undefined && serviceKey === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
  const serviceId = request.headers[SERVICE_ID];
  return {
    sourceAddress: sourceAddressOf(request),
    requestId: request.id,
    ...(authorization === undefined ? {} : { authorization }),
    ...(serviceKey === undefined ? {} : { serviceKey }),
    ...(typeof serviceId === 'string' ? { serviceId } : {}),
  };
}

/** Whether the bearer token of a request is that of a workload, and not that of a person. */
export const showsServiceId = ({ headers }: FastifyRequest): boolean => headers[SERVICE_ID] !== undefined;

/** The tenant that the path names, if the route has one. */
export function tenantParameter(request: FastifyRequest): string | undefined {
  return (request.params as Record<string, string> | null)?.[TENANT_PARAMETER];
}

/** Where the work of an identified caller comes from. @throws CREDENTIALS_REQUIRED where the caller is not identified */
export function originOf(request: FastifyRequest): Origin {
  if (request.principal === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
  return { actor: actorOf(request.principal), requestId: request.id, sourceAddress: sourceAddressOf(request) };
}

/** Stops the start of a server that has a route with neither `@Requires` nor `@Public`. */
export function assertEveryRouteDeclaresAccess(app: INestApplicationContext): void {
  const open = declaredRoutes(app).filter(({ handler, controller }) => !routeAccess(handler, controller));
  if (open.length > 0) {
    throw new Error(`These routes declare no access: ${open.map(({ name }) => name).join(', ')}`);
  }
}
