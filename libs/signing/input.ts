import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

import { type InputError, coreErrors } from '#core';

import { formats } from './formats/index.js';
import type { InputSchema, TokenFormat } from './token-format.js';

// Compiled once: on the hot path a compiled schema costs next to nothing, a class with decorators more than a signature.
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false, coerceTypes: false });
const NO_SETTINGS: InputSchema = { type: 'object', additionalProperties: false };

/** A schema of each format, compiled when it is first asked for: to compile all of them takes a twentieth of a start. */
function compiled(schemaOf: (format: TokenFormat) => InputSchema): (name: string) => ValidateFunction | undefined {
  const known = new Map<string, ValidateFunction>();
  return (name) => {
    const validate = known.get(name);
    const format = validate ? undefined : formats.get(name);
    if (format === undefined) return validate;
    known.set(name, ajv.compile(schemaOf(format)));
    return known.get(name);
  };
}
const inputs = compiled(({ inputSchema }) => inputSchema);
const settings = compiled(({ settingsSchema }) => settingsSchema ?? NO_SETTINGS);

const CODES: Readonly<Record<string, string>> = {
  additionalProperties: 'UNKNOWN_FIELD',
  required: 'REQUIRED',
  type: 'WRONG_TYPE',
};
const ERRORS_SHOWN_MAX = 20;

/** Checks the input of a caller for a token of the format. @throws VALIDATION_ERROR */
export function checkInput(format: string, input: unknown): void {
  const errors = findings(inputs(format), input, '');
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}

/** The problems of the settings of a profile of the format. */
export const settingsErrors = (format: string, value: unknown): InputError[] =>
  findings(settings(format), value, '/settings');

function findings(validate: ValidateFunction | undefined, value: unknown, prefix: string): InputError[] {
  if (!validate || validate(value)) return [];
  return (validate.errors ?? []).slice(0, ERRORS_SHOWN_MAX).map((error) => toInputError(error, prefix));
}

function toInputError({ keyword, instancePath, message, params }: ErrorObject, prefix: string): InputError {
  const { additionalProperty, missingProperty } = params as { additionalProperty?: string; missingProperty?: string };
  const name = additionalProperty ?? missingProperty;
  const path = prefix + instancePath;
  return {
    pointer: name === undefined ? path : `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: CODES[keyword] ?? 'INVALID_VALUE',
    detail: message ?? 'is not valid',
  };
}
