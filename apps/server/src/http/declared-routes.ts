import type { INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';

/** A route of a controller, for code that visits all routes. */
export interface DeclaredRoute {
  readonly name: string;
  readonly handler: Function;
  readonly controller: Function;
}

/** Every route handler of every controller of the application. */
export const declaredRoutes = (app: INestApplicationContext): DeclaredRoute[] => routesOf(app.get(ModulesContainer));

/** The same for modules of an application that is being created. */
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
