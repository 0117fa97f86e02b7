import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { type InputError, coreErrors } from '#core';

/**
 * Refuses query parameters on routes of people that read none: whoever deletes with `?dryRun=true` where nothing can be
 * rehearsed must not find it deleted. Routes that read a query refuse what its class does not name.
 */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const unknown = Object.keys((request.query as Record<string, unknown> | undefined) ?? {});
    if (unknown.length === 0 || request.principal?.kind !== 'user' || readsQuery(context)) return true;
    const errors = unknown.map((name): InputError => {
      return { pointer: `/${name}`, code: 'UNKNOWN_FIELD', detail: 'this call takes no such parameter' };
    });
    throw coreErrors.VALIDATION_ERROR({ errors });
  }
}

function readsQuery(context: ExecutionContext): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) ??
    {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
