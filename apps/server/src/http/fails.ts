import { ApiExtension } from './api-declarations.js';
import type { ErrorFactory } from '#core';
import { STATUS_OF_KIND } from './problem.js';

/** The member of an OpenAPI operation that lists its errors; the completed document shows them as responses. */
export const ERRORS_EXTENSION = 'x-errors';

export interface DocumentedError {
  readonly code: string;
  readonly title: string;
  readonly status: number;
}

/** What the tables of errors say about one of them. */
export function documentedError(factory: ErrorFactory): DocumentedError {
  const { code, kind, definition } = factory();
  return { code, title: definition.title, status: STATUS_OF_KIND[kind] };
}

/** The errors of a route beyond those that its access, its body and its method imply. */
export const Fails = (...factories: ErrorFactory[]): MethodDecorator =>
  ApiExtension(ERRORS_EXTENSION, factories.map(documentedError)) as MethodDecorator;
