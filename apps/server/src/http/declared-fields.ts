import type { AnySchemaObject } from 'ajv';

/** Facts about a field of a request or response class besides its decorators. */
export interface DeclaredField {
  /** A schema that accepts only values that the checks of the field accept and do not convert; `undefined` if only the checks decide. */
  readonly schema: AnySchemaObject | undefined;
  readonly optional: boolean;
  readonly isInstant: boolean;
}

const fieldsOfPrototype = new WeakMap<object, Map<string, DeclaredField>>();

/** Registers a field of a class. */
export function noteField(prototype: object, name: string, field: DeclaredField): void {
  const fields = fieldsOfPrototype.get(prototype) ?? new Map<string, DeclaredField>();
  fieldsOfPrototype.set(prototype, fields.set(name, field));
}

/** The fields of a class in the order of their declaration, those of its base class first; its own win. */
export function fieldsOf({ prototype }: { readonly prototype: unknown }): ReadonlyMap<string, DeclaredField> {
  const own = prototype as object;
  if (own === Object.prototype) return new Map();
  const inherited = fieldsOf({ prototype: Object.getPrototypeOf(own) });
  return new Map([...inherited, ...(fieldsOfPrototype.get(own) ?? [])]);
}
