import { type CanActivate, type ExecutionContext, type INestApplicationContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Origin, Secret, coreErrors } from '#core';
import { declaredRoutes } from './declared-routes.js';
import { CallerIdentification, PermissionPolicy, type UserCredentials, actorOf } from './principal.js';
import { acceptsTokenInQuery, confirmsCaller, routeAccess } from './requires.js';
import { sourceAddressOf } from './source-address.js';

/** The path parameter of the tenant in every tenant route: an id or a slug. */
export const TENANT_PARAMETER = 'tenantId';

/** Accepts a request if its caller is identified and has the permission of the route; attaches caller and scope to it. */
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
      // A tenant permission on a route without a tenant is a bug.
      if (tenant === undefined) throw coreErrors.INTERNAL_ERROR('The route names no tenant');
      request.scope = await this.callers.tenantScope(request.principal, tenant, permission, originOf(request));
    } else {
      // Routes for every signed-in user (`user`) work on the installation: their own session and account.
      request.scope = await this.callers.platformScope(request.principal, permission, originOf(request));
    }
  }
}

/** Header with the token of `POST /v1/auth/step-up`, which replaces a `password` in the body. */
export const STEP_UP_HEADER = 'X-Step-Up';

/** The token in the query of a request without a header, on a route that accepts it. */
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

/** Clients of Webex Connect send the header `key`. */
const SERVICE_KEY_HEADERS = ['x-service-key', 'key'] as const;
/** Header with the id of the service that a workload acts as: the token of its own issuer does not name services. */
export const SERVICE_ID_HEADER = 'X-Service-Id';
const SERVICE_ID = SERVICE_ID_HEADER.toLowerCase();
/** Headers with credentials. */
const SHOWN_IN = ['authorization', ...SERVICE_KEY_HEADERS] as const;
const showsCredentials = ({ headers }: FastifyRequest): boolean => SHOWN_IN.some((name) => headers[name] !== undefined);

/** The credentials of a service in a request. @throws CREDENTIALS_REQUIRED */
function serviceCredentials(request: FastifyRequest) {
  const { authorization } = request.headers;
  const offered = SERVICE_KEY_HEADERS.flatMap((name) => request.headers[name] ?? []);
  // Two different values are ambiguous: joined, they match no key.
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

/** Whether the bearer token of a request belongs to a workload rather than a person. */
export const showsServiceId = ({ headers }: FastifyRequest): boolean => headers[SERVICE_ID] !== undefined;

/** The tenant that the path names, if the route has one. */
export function tenantParameter(request: FastifyRequest): string | undefined {
  return (request.params as Record<string, string> | null)?.[TENANT_PARAMETER];
}

/** The origin of the work of an identified caller. @throws CREDENTIALS_REQUIRED if the caller is not identified */
export function originOf(request: FastifyRequest): Origin {
  if (request.principal === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
  return { actor: actorOf(request.principal), requestId: request.id, sourceAddress: sourceAddressOf(request) };
}

/** Fails the start of a server with a route that has neither `@Requires` nor `@Public`. */
export function assertEveryRouteDeclaresAccess(app: INestApplicationContext): void {
  const open = declaredRoutes(app).filter(({ handler, controller }) => !routeAccess(handler, controller));
  if (open.length > 0) {
    throw new Error(`These routes declare no access: ${open.map(({ name }) => name).join(', ')}`);
  }
}
