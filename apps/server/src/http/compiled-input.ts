import { Reflector } from '@nestjs/core';
import { Ajv, type ValidateFunction } from 'ajv';

import { UUID_PATTERN } from '#core';
import { fieldsOf } from './declared-fields.js';

/**
 * A class of a body or a query that a compiled schema checks first, for frequent requests of services. The schema is derived from
 * the fields of the class. Input that it does not accept is checked field by field, which explains the errors; so the schema must
 * accept nothing that the fields reject or convert. Queries are text: fields of other types never pass the schema.
 */
export const Compiled = Reflector.createDecorator<true>({ transform: () => true });

type Constructor<Instance> = new () => Instance;

// Also line separators that are not control characters, and characters that change the direction of text (UAX #9 §2.1 to §2.4):
// with them, a list or the history would show another name.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const CONTROL_CHARACTERS_IN_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

/** Whether a text has characters, but no visible one. */
export const isBlank = (text: string): boolean => INVISIBLE.test(text);

/** The control characters that a text must not contain. */
export const forbiddenIn = (text: 'line' | 'lines'): RegExp =>
  text === 'line' ? CONTROL_CHARACTERS : CONTROL_CHARACTERS_IN_LINES;

/** Whether a value as JSON (UTF-8, without white space) has at most this number of bytes. */
export const isWithinBytes = (value: unknown, max: number): boolean =>
  Buffer.byteLength(JSON.stringify(value) ?? '') <= max;

// The schema uses the patterns of the fields, which have no flags.
const ajv = new Ajv({ strict: true, unicodeRegExp: false, formats: { uuid: UUID_PATTERN, password: true } });
ajv.addKeyword({
  keyword: 'textOf',
  type: 'string',
  validate: (text: 'line' | 'lines', value: string) =>
    !forbiddenIn(text).test(value) && !(text === 'line' && isBlank(value)),
});
ajv.addKeyword({
  keyword: 'maxBytes',
  type: 'object',
  validate: (max: number, value: unknown) => isWithinBytes(value, max),
});

const compiled = new WeakMap<Constructor<object>, ValidateFunction | null>();

/** A body or a query as an instance of its class; `undefined` where the class is not compiled, or its schema does not accept it. */
export function readCompiled<Instance extends object>(
  type: Constructor<Instance>,
  body: unknown,
): Instance | undefined {
  let accepts = compiled.get(type);
  if (accepts === undefined) compiled.set(type, (accepts = compile(type)));
  return accepts?.(body) ? Object.assign(new type(), body) : undefined;
}

function compile(type: Constructor<object>): ValidateFunction | null {
  if (!new Reflector().get(Compiled, type)) return null;
  const fields = fieldsOf(type);
  return ajv.compile({
    type: 'object',
    additionalProperties: false,
    // A value of a field without a schema is for the checks of the field.
    properties: Object.fromEntries([...fields].map(([name, { schema }]) => [name, schema ?? false])),
    required: [...fields].flatMap(([name, { optional }]) => (optional ? [] : [name])),
  });
}
