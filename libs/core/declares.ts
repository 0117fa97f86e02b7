import type { ErrorTable } from './errors.js';
import type { EventTable } from './events.js';

/** The tables of a module that the reference pages show. */
export interface Declaration {
  readonly errors?: readonly { readonly table: ErrorTable }[];
  readonly events?: readonly { readonly table: EventTable }[];
}

const declarations = new WeakMap<object, Declaration>();

/** Decorates a module with its tables of errors and audit events: the reference pages find them there. */
export const Declares =
  (declaration: Declaration) =>
  (module: object): void => {
    declarations.set(module, declaration);
  };

/** What a module declared; nothing where it declares nothing. */
export const declarationOf = (module: object): Declaration => declarations.get(module) ?? {};
