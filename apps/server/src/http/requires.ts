import { Reflector } from '@nestjs/core';
import { applyDecorators } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiExtension } from './api-declarations.js';

import { perRoute } from './per-route.js';

/**
 * Who may call a route: every client, or callers with the permission. A client of a public route that shows credentials
 * is identified where the route names a permission, and must hold it.
 */
type RouteAccess =
  | { readonly public: true; readonly permission?: string; readonly isShown?: ShowsCaller }
  | { readonly public: false; readonly permission: string };

/** Whether the credentials of a request are those of a caller who is signed in, where a route also takes others. */
type ShowsCaller = (request: FastifyRequest) => boolean;

/** The member of an OpenAPI operation that repeats the access, for readers and for the completion of the document. */
export const ACCESS_EXTENSION = 'x-access';
export const PUBLIC_ACCESS = 'public';
/** The member of an OpenAPI operation with the permission of clients that sign in; the completed document does not show it. */
export const SIGNED_IN_EXTENSION = 'x-signed-in';

const Access = Reflector.createDecorator<RouteAccess>();

/** Only callers with this permission; on a controller it holds for every route that says nothing else. */
export const Requires = (permission: string): ClassDecorator & MethodDecorator =>
  applyDecorators(Access({ public: false, permission }), ApiExtension(ACCESS_EXTENSION, permission));

/** Every client, without credentials. */
export const Public = (): ClassDecorator & MethodDecorator =>
  applyDecorators(Access({ public: true }), ApiExtension(ACCESS_EXTENSION, PUBLIC_ACCESS));

/**
 * Every client; one that is signed in and says so works as itself, see `SignedInScope` and `ShownService`.
 * @param isShown where credentials of another kind are also accepted, which the handler verifies
 */
export const PublicOrSignedIn = (permission: string, isShown?: ShowsCaller): ClassDecorator & MethodDecorator =>
  applyDecorators(
    Access({ public: true, permission, ...(isShown && { isShown }) }),
    ApiExtension(ACCESS_EXTENSION, PUBLIC_ACCESS),
    ApiExtension(SIGNED_IN_EXTENSION, permission),
  );

/**
 * A route that also accepts an API token as `?token=`, for clients that send no headers. Such a token may hold the permission of
 * the route and no other: URLs are stored and shown in many places.
 */
export const AcceptsTokenInQuery = Reflector.createDecorator<true>({ transform: () => true });

/** Whether a route accepts a token in its query. */
export const acceptsTokenInQuery = perRoute(
  (handler, controller): boolean =>
    new Reflector().getAllAndOverride(AcceptsTokenInQuery, [handler as never, controller as never]) ?? false,
);

/** A route whose work goes through `Database.commit`, which confirms what is only remembered of its caller. */
export const ConfirmsCaller = Reflector.createDecorator<true>({ transform: () => true });

/** Whether the caller of a route is still to be confirmed after the guard. */
export const confirmsCaller = perRoute(
  (handler, controller): boolean =>
    new Reflector().getAllAndOverride(ConfirmsCaller, [handler as never, controller as never]) ?? false,
);

/** What a route declared; the handler wins over its class. `undefined` means that the declaration is missing. */
export const routeAccess = perRoute((handler, controller): RouteAccess | undefined =>
  new Reflector().getAllAndOverride(Access, [handler as never, controller as never]),
);
