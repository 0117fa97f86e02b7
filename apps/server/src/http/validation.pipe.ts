import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validate } from 'class-validator';
import { type DomainError, type InputError, coreErrors } from '#core';
import { readCompiled } from './compiled-input.js';
import { type DeclaredRoute, routesOf } from './declared-routes.js';
import { QUERY_GROUP } from './fields.js';
import { escapePointer, screamingSnake } from './foreign-errors.js';

type Constructor = new () => object;

/** Types of parameters that are no class with fields. */
const PLAIN_TYPES: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object, undefined]);

/**
 * Turns the body or the query into an instance of the class of its parameter and refuses what the class does not
 * describe, with one finding per field.
 */
class InputPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    const input = metatype as Constructor;
    const read = readCompiled(input, value);
    if (read !== undefined) return read;
    return type === 'query' ? parseInput(input, value, QUERY_GROUP) : parseInput(input, value ?? {});
  }
}

const inputPipe = new InputPipe();
const SOURCES = [RouteParamtypes.BODY, RouteParamtypes.QUERY];

interface Parameter {
  readonly index: number;
  readonly pipes: readonly unknown[];
}

/**
 * Has the body and the query of every route checked that has a class for them. Where a pipe is of every route, Nest awaits it
 * several times for each parameter, which takes longer than authenticating a service.
 */
@Injectable()
export class InputChecks {
  constructor(modules: ModulesContainer) {
    for (const route of routesOf(modules)) checkInputOf(route);
  }
}

/** Nest builds its routes later, by what is declared then. Another application of the same process finds it done. */
function checkInputOf({ handler, controller }: DeclaredRoute): void {
  const declared: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name);
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, handler.name) as unknown[];
  const isChecked = (key: string, { index, pipes }: Parameter): boolean =>
    SOURCES.some((source) => key.startsWith(`${source}:`)) &&
    !PLAIN_TYPES.has(types[index]) &&
    !pipes.includes(inputPipe);
  const parameters = Object.entries((declared ?? {}) as Record<string, Parameter>).map(([key, parameter]) => [
    key,
    isChecked(key, parameter) ? { ...parameter, pipes: [inputPipe, ...parameter.pipes] } : parameter,
  ]);
  Reflect.defineMetadata(ROUTE_ARGS_METADATA, Object.fromEntries(parameters), controller, handler.name);
}

/**
 * @param group `query` where every value is text and is to be converted; its findings then name the parameter
 * @throws VALIDATION_ERROR
 */
export async function parseInput<T extends object>(
  type: new () => T,
  value: unknown,
  group?: typeof QUERY_GROUP,
): Promise<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal([{ pointer: '', code: 'IS_OBJECT', detail: 'must be a JSON object' }]);
  }
  const instance = plainToInstance(type, { ...value }, group === undefined ? {} : { groups: [group] });
  const findings = await validate(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    // A class without fields accepts an empty object, and `whitelist` refuses everything else.
    forbidUnknownValues: false,
    stopAtFirstError: true,
    validationError: { target: false, value: true },
  });
  const prefix = group === QUERY_GROUP ? '' : '/';
  const errors = [
    ...droppedFields(value, instance, prefix),
    ...findings.flatMap((finding) => toInputErrors(finding, prefix)),
  ];
  if (errors.length === 0) return instance;
  throw refusal(errors);
}

/** class-transformer drops members that are called like a method of every object (`toString`) before they are checked. */
function droppedFields(raw: object, instance: object, prefix: string): InputError[] {
  return Object.entries(raw).flatMap(([name, value]: [string, unknown]) => {
    const pointer = prefix + escapePointer(name);
    if (!Object.hasOwn(instance, name)) return [{ pointer, ...UNKNOWN_FIELD }];
    const converted = (instance as Record<string, unknown>)[name];
    const descends = isObject(value) && isObject(converted) && value !== converted;
    return descends ? droppedFields(value, converted, `${pointer}/`) : [];
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const UNKNOWN_FIELD = { code: 'UNKNOWN_FIELD', detail: 'is not a field of this request' };

const refusal = (errors: InputError[]): DomainError =>
  coreErrors.VALIDATION_ERROR({
    detail:
      errors.length === 1
        ? `${errors[0]!.pointer || 'The body'} ${errors[0]!.detail}`
        : `${errors.length} fields are not acceptable`,
    errors,
  });

function toInputErrors(finding: ValidationError, prefix: string): InputError[] {
  const pointer = prefix + escapePointer(finding.property);
  const nested = (finding.children ?? []).flatMap((child) => toInputErrors(child, `${pointer}/`));
  const failed = Object.entries(finding.constraints ?? {})[0];
  if (failed === undefined) return nested;
  return [{ pointer, ...explain(failed, finding) }, ...nested];
}

/** The sentence has no subject: the pointer is. The value is never repeated, it may be a secret. */
function explain([constraint, message]: [string, string], { value, property }: ValidationError) {
  if (constraint === 'whitelistValidation') return UNKNOWN_FIELD;
  if (value === undefined) return { code: 'REQUIRED', detail: 'is required' };
  if (value === null) return { code: 'NULL_NOT_ALLOWED', detail: 'must not be null' };
  const detail = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return { code: screamingSnake(constraint), detail };
}
