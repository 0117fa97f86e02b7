import type { ErrorTable } from './errors.js';
import type { EventTable } from './events.js';
import type { SettingTable } from './setting.js';

/** The tables of a module: what the reference pages show, and what is read from the environment before there is an application. */
export interface Declaration {
  readonly errors?: readonly { readonly table: ErrorTable }[];
  readonly events?: readonly { readonly table: EventTable }[];
  readonly settings?: readonly SettingTable[];
  /** What is wrong with the values of settings together; each names the values that it reads by its type. */
  readonly settingProblems?: readonly ((values: never) => readonly string[])[];
}

const declarations = new WeakMap<object, Declaration>();

/** Decorates a module with its tables of errors, audit events and settings. */
export const Declares =
  (declaration: Declaration) =>
  (module: object): void => {
    declarations.set(module, declaration);
  };

/** What a module declared; nothing where it declares nothing. */
export const declarationOf = (module: object): Declaration => declarations.get(module) ?? {};
