import type { INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';

/** One route of a controller, as what walks all of them needs it. */
export interface DeclaredRoute {
  readonly name: string;
  readonly handler: Function;
  readonly controller: Function;
}

/** Every route handler of every controller of the application. */
export const declaredRoutes = (app: INestApplicationContext): DeclaredRoute[] => routesOf(app.get(ModulesContainer));

/** Likewise, of the modules of one that is being made. */
export function routesOf(modules: ModulesContainer): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  return new DiscoveryService(modules).getControllers().flatMap(({ metatype }) => {
    if (typeof metatype !== 'function') return [];
    const prototype = metatype.prototype as Record<string, Function>;
    return scanner
      .getAllMethodNames(prototype)
      .filter((name) => (Reflect.getMetadata(METHOD_METADATA, prototype[name]!) as RequestMethod) !== undefined)
      .map((name) => ({ name: `${metatype.name}.${name}`, handler: prototype[name]!, controller: metatype }));
  });
}
