import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type InputError, coreErrors } from '#core';
import { escapePointer } from './foreign-errors.js';
import { perRoute } from './per-route.js';

/** Marks a route that reads its input by itself, or that receives another request. */
export const AcceptsAnyInput = Reflector.createDecorator<true>({ transform: () => true });

/** Marks a route whose query is read and checked before its handler. */
export const ReadsQuery = Reflector.createDecorator<true>({ transform: () => true });

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Rejects a body and query parameters that the route does not declare, before any work: a caller who writes
 * `{"dryRun": true}` into the body of a call without a body must not find the change made. Input that a route declares
 * is checked against its class by the validation pipe.
 *
 * A body without content (`{}`, `null`) is accepted: some clients always send one. Caches and public clients may add
 * query parameters to what they only read.
 *
 * @throws VALIDATION_ERROR
 */
@Injectable()
export class DeclaredInputGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const accepts = acceptedBy(context.getHandler(), context.getClass());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const errors = [
      ...(accepts.body ? [] : undeclaredBody(request)),
      ...(accepts.query ? [] : undeclaredQuery(request)),
    ];
    if (errors.length === 0) return true;
    throw coreErrors.VALIDATION_ERROR({ detail: `${errors[0]!.pointer || 'The body'} ${errors[0]!.detail}`, errors });
  }
}

const NO_BODY = 'is not accepted: this call takes no body';

function undeclaredBody({ method, headers, body }: FastifyRequest): InputError[] {
  // Fastify does not read the body of a safe method.
  const unread = SAFE_METHODS.has(method) && Number(headers['content-length'] ?? 0) > 0;
  if (unread) return [{ pointer: '', code: 'BODY_NOT_ALLOWED', detail: NO_BODY }];
  if (body === undefined || body === null) return [];
  if (typeof body !== 'object' || Array.isArray(body) || Buffer.isBuffer(body)) {
    return [{ pointer: '', code: 'BODY_NOT_ALLOWED', detail: NO_BODY }];
  }
  return Object.keys(body).map((name) => ({
    pointer: `/${escapePointer(name)}`,
    code: 'UNKNOWN_FIELD',
    detail: NO_BODY,
  }));
}

function undeclaredQuery({ method, principal, query }: FastifyRequest): InputError[] {
  if (SAFE_METHODS.has(method) && principal?.kind !== 'user') return [];
  return Object.keys((query as Record<string, unknown> | undefined) ?? {}).map((name) => ({
    pointer: escapePointer(name),
    code: 'UNKNOWN_FIELD',
    detail: 'is not a parameter of this call',
  }));
}

/** Which input a route has a parameter for, or reads by itself. */
const acceptedBy = perRoute((handler, controller) => {
  const all = new Reflector().get(AcceptsAnyInput, handler as never) ?? false;
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name) ?? {}) as object;
  const declares = (source: RouteParamtypes): boolean =>
    all || Object.keys(parameters).some((key) => key.startsWith(`${source}:`));
  const readsQuery = new Reflector().get(ReadsQuery, handler as never) ?? false;
  return { body: declares(RouteParamtypes.BODY), query: readsQuery || declares(RouteParamtypes.QUERY) };
});
