import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { type Permission, isPermission } from '#tenants';

import { declaredRoutes } from '../../../apps/server/src/http/declared-routes.js';
import { routeAccess } from '../../../apps/server/src/http/requires.js';

export interface Route {
  readonly method: string;
  /** As the router knows it: `/v1/tenants/:tenantId/keys`. */
  readonly path: string;
  /** `undefined`: public. */
  readonly permission: Permission | undefined;
  /** What a caller must hold who shows credentials: `permission`, or that of a public route which takes some. */
  readonly shownPermission: Permission | undefined;
  /** `Controller.method` */
  readonly handler: string;
}

const EVERY_METHOD = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'];

/** `POST /v1/tenants/:tenantId/keys`, a colon of the path itself as clients write it. */
export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string =>
  `${method} ${path.replaceAll('::', ':')}`;

/** A path with a value in the place of each parameter; a colon that is written twice is one of the path. */
export const pathWith = (path: string, valueOf: (name: string) => string): string =>
  path.replaceAll(/::|:(\w+)/g, (_, name: string | undefined) => (name === undefined ? ':' : valueOf(name)));

/** Every route that a controller of the application has. @throws Error for one that the router does not know */
export function routesOf(app: NestFastifyApplication): Route[] {
  const router = app.getHttpAdapter().getInstance();
  return declaredRoutes(app).flatMap(({ name, handler, controller }) => {
    const parts = [controller, handler].map((target) => String(Reflect.getMetadata(PATH_METADATA, target)));
    const path = `/${parts
      .flatMap((part) => part.split('/'))
      .filter(Boolean)
      .join('/')}`;
    const declared = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
    const methods = declared === 'ALL' ? EVERY_METHOD : [declared];
    const access = routeAccess(handler, controller);
    const known = methods.every((method) => router.hasRoute({ method: method as 'GET', url: path }));
    if (!known || !access) throw new Error(`${name} (${declared} ${path}) is not in the router, or declares no access`);
    const shownPermission = access.permission;
    if (shownPermission !== undefined && !isPermission(shownPermission)) {
      throw new Error(`${name} asks for ${shownPermission}, which is not in the table`);
    }
    const permission = access.public ? undefined : shownPermission;
    return methods.map((method) => ({ method, path, permission, shownPermission, handler: name }));
  });
}
