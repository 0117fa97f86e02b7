import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { INSTALLATION_ID, type PlatformScope, type TenantScope, coreErrors } from '#core';
import type { Principal, ServicePrincipal } from './principal.js';
import { sourceAddressOf } from './source-address.js';

/** Facts about a request before its caller is identified. */
export interface RequestFacts {
  readonly requestId: string;
  readonly sourceAddress: string;
}

const requestIn = (context: ExecutionContext): FastifyRequest => context.switchToHttp().getRequest<FastifyRequest>();

/** The scope for the work of the request. Rejections are recorded under `request.scope`, which stores no response. */
const scopeIn = (context: ExecutionContext): TenantScope | PlatformScope | undefined => {
  const { scope, workScope } = requestIn(context);
  return workScope ?? scope;
};

/** The `TenantScope` of the caller; only on routes whose permission is for a member or a service. */
export const InScope = createParamDecorator((_: unknown, context: ExecutionContext): TenantScope => {
  const scope = scopeIn(context);
  if (scope === undefined || scope.tenantId === INSTALLATION_ID) {
    throw coreErrors.INTERNAL_ERROR('The route resolves no tenant');
  }
  return scope;
});

/** The `PlatformScope` of the caller; only on routes whose permission is for the platform or for every signed-in user. */
export const OnPlatform = createParamDecorator((_: unknown, context: ExecutionContext): PlatformScope => {
  const scope = scopeIn(context);
  if (scope?.tenantId !== INSTALLATION_ID) throw coreErrors.INTERNAL_ERROR('The route resolves no platform scope');
  return scope as PlatformScope;
});

/** The `PlatformScope` of a caller who is signed in, on a route that is public; `undefined` for every other client. */
export const SignedInScope = createParamDecorator(
  (_: unknown, context: ExecutionContext): PlatformScope | undefined => {
    const scope = scopeIn(context);
    return scope?.tenantId === INSTALLATION_ID ? (scope as PlatformScope) : undefined;
  },
);

/** The service that called and its scope, on a route that is public; `undefined` for every other client. */
export const ShownService = createParamDecorator((_: unknown, context: ExecutionContext): ShownService | undefined => {
  const { principal } = requestIn(context);
  const scope = scopeIn(context);
  if (principal?.kind !== 'service' || scope === undefined || scope.tenantId === INSTALLATION_ID) return undefined;
  return { principal, scope };
});

export interface ShownService {
  readonly principal: ServicePrincipal;
  readonly scope: TenantScope;
}

/** The principal: who called, on any route that is not public. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = requestIn(context);
  if (principal === undefined) throw coreErrors.INTERNAL_ERROR('The route identifies no caller');
  return principal;
});

const USER_AGENT_CHARACTERS_MAX = 200;

/** What the client calls itself, without control characters and cut to 200; `null` where it says nothing. */
export const UserAgent = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  const text = requestIn(context).headers['user-agent'];
  return text?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, USER_AGENT_CHARACTERS_MAX) || null;
});

/** The `RequestFacts`, for public routes (login). */
export const Facts = createParamDecorator((_: unknown, context: ExecutionContext): RequestFacts => {
  const request = requestIn(context);
  return { requestId: request.id, sourceAddress: sourceAddressOf(request) };
});
