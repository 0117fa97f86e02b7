import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

import { type InputError, coreErrors } from '#core';

import { formats } from './formats/index.js';

// Compiled once: on the hot path a compiled schema costs next to nothing, a class with decorators more than a signature.
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, coerceTypes: false });
const validators = new Map<string, ValidateFunction>(
  [...formats.values()].map(({ name, inputSchema }) => [name, ajv.compile(inputSchema)]),
);

const CODES: Readonly<Record<string, string>> = {
  additionalProperties: 'UNKNOWN_FIELD',
  required: 'REQUIRED',
  type: 'WRONG_TYPE',
};
const ERRORS_SHOWN_MAX = 20;

/** Checks what a caller sent for a token of the format. @throws VALIDATION_ERROR */
export function checkInput(format: string, input: unknown): void {
  const validate = validators.get(format);
  if (!validate || validate(input)) return;
  const errors = (validate.errors ?? []).slice(0, ERRORS_SHOWN_MAX).map(toInputError);
  throw coreErrors.VALIDATION_ERROR({ errors });
}

function toInputError({ keyword, instancePath, message, params }: ErrorObject): InputError {
  const member = (params as { additionalProperty?: string; missingProperty?: string }).additionalProperty;
  const missing = (params as { missingProperty?: string }).missingProperty;
  const name = member ?? missing;
  return {
    pointer: name === undefined ? instancePath : `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: CODES[keyword] ?? 'INVALID_VALUE',
    detail: message ?? 'is not valid',
  };
}
