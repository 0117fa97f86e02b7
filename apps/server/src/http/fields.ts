/**
 * The vocabulary of request and response classes. Each decorator says once what a field is: class-validator checks it,
 * class-transformer converts it and OpenAPI shows it, from the same values. A field is required and not null unless it
 * says otherwise; absent and `null` are different things.
 */
import { type Type as Class, applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from './api-declarations.js';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationOptions,
} from 'class-validator';
import type { AnySchemaObject } from 'ajv';
import { UUID_PATTERN, fromRfc3339, fromRfc3339Date, isVisibleName, normalizeEmail, normalizeName } from '#core';
import { parseSourceAddress } from '#tenants';
import { forbiddenIn, isBlank, isWithinBytes } from './compiled-input.js';
import { noteField } from './declared-fields.js';

/** What every field may say. */
export interface FieldOptions {
  description?: string;
  example?: unknown;
  optional?: boolean;
  nullable?: boolean;
  /** What OpenAPI tells about an absent value; the class sets it with an initialiser. */
  default?: unknown;
}

/** The group in which the validation pipe converts: query parameters arrive as text, JSON values do not. */
export const QUERY_GROUP = 'query';

type Schema = { type?: unknown } & Record<string, unknown>;
type Check = (options: ValidationOptions) => PropertyDecorator;

/** A property decorator that can also describe the items of a list, see `Items`. */
export type FieldDecorator = PropertyDecorator & { readonly field: Field };

interface Field {
  readonly schema: Schema;
  /** In the order in which they are tried; the first that fails is reported. */
  readonly checks: readonly Check[];
  readonly conversions?: readonly PropertyDecorator[];
  /** Whether the conversions also convert each item of a list. */
  readonly convertsItems?: boolean;
  /** For classes that are `@Compiled()`: accepts only what the checks accept and the conversions of a body leave as it is. */
  readonly compiled?: AnySchemaObject | undefined;
  /** Whether it is an instant, which `present` writes. */
  readonly isInstant?: boolean;
}

function define(field: Field, options: FieldOptions): FieldDecorator {
  const { description, example, optional = false, nullable = false } = options;
  const decorator = applyDecorators(
    ApiProperty({
      ...field.schema,
      required: !optional,
      ...(nullable ? { nullable } : {}),
      ...(description === undefined ? {} : { description }),
      ...(example === undefined ? {} : { example }),
      ...(options.default === undefined ? {} : { default: options.default }),
    } as ApiPropertyOptions),
    ValidateIf((_, value) => !(optional && value === undefined) && !(nullable && value === null)),
    ...field.checks.map((check) => check({})),
    ...(field.conversions ?? []),
    (prototype: object, name: string | symbol | undefined) => {
      const schema = nullable && field.compiled ? { anyOf: [field.compiled, { type: 'null' }] } : field.compiled;
      noteField(prototype, String(name), { schema, optional, isInstant: field.isInstant === true });
    },
  );
  return Object.assign(decorator as PropertyDecorator, { field });
}

/** A check by a predicate, for what class-validator has no name for. */
const checkBy =
  (name: string, message: string, validate: (value: unknown) => boolean): Check =>
  (options) =>
    ValidateBy({ name, validator: { validate, defaultMessage: () => message } }, options);

const without = (forbidden: RegExp): Check =>
  checkBy(
    'controlCharacter',
    'must not contain control characters',
    (value) => typeof value === 'string' && !forbidden.test(value),
  );

const visible = checkBy(
  'blank',
  'must have a character that is seen',
  (value) => typeof value === 'string' && !isBlank(value),
);

export interface TextOptions extends FieldOptions {
  /** Characters (Unicode code points); at least 1 by default. */
  min?: number;
  /** Characters; 255 by default. */
  max?: number;
  pattern?: RegExp;
  /** Accepts line breaks and tabs (PEM, descriptions). */
  multiline?: boolean;
  /** Accepts every character: what is hashed as it came. */
  verbatim?: boolean;
  format?: string;
}

/** Text without control characters, of which something is seen, 1 to 255 characters by default. */
export function Text(options: TextOptions = {}): FieldDecorator {
  const { min = 1, max = 255, pattern, multiline = false, verbatim = false, format } = options;
  const textOf = verbatim ? 'anything' : multiline ? 'lines' : 'line';
  const characters = {
    type: 'string',
    minLength: min,
    maxLength: max,
    ...(pattern === undefined ? {} : { pattern: pattern.source }),
  };
  // The check counts a character and its variation selector as one: only a minimum above 1 can tell.
  const isCompiled = min <= 1 && (pattern?.flags ?? '') === '';
  return define(
    {
      schema: { ...characters, ...(format === undefined ? {} : { format }) },
      compiled: isCompiled ? { ...characters, ...(textOf === 'anything' ? {} : { textOf }) } : undefined,
      checks: [
        (each) => IsString(each),
        (each) => MinLength(min, each),
        (each) => MaxLength(max, each),
        ...(textOf === 'anything' ? [] : [without(forbiddenIn(textOf))]),
        ...(textOf === 'line' ? [visible] : []),
        ...(pattern === undefined ? [] : [(each: ValidationOptions) => Matches(pattern, each)]),
      ],
    },
    options,
  );
}

/** The name of something: text of one line, normalised before it is checked, so that names that look the same are the same. */
export function NameText(options: Omit<TextOptions, 'multiline' | 'verbatim' | 'format'> = {}): FieldDecorator {
  const { field } = Text(options);
  const seen = checkBy(
    'invisibleCharacter',
    'must not contain invisible characters',
    (value) => typeof value === 'string' && isVisibleName(value),
  );
  const conversions = [
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normalizeName(value) : value)),
  ];
  return define({ ...field, compiled: undefined, checks: [...field.checks, seen], conversions }, options);
}

/** Two addresses that look the same are the same: none differs by characters that are not shown (UTS #39 §3.1). */
const isVisible = (value: unknown): boolean =>
  typeof value === 'string' && !/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(value);

const normalized = (value: unknown): unknown =>
  typeof value === 'string' && value.length <= 1024 ? normalizeEmail(value) : value;

/**
 * An e-mail address of at most 254 characters (RFC 5321 §4.5.3.1.3). `admin@localhost` is one, too. It is normalised
 * before it is checked, see `normalizeEmail`; `asWritten` keeps the address of a person who has no account here.
 */
export const Email = ({ asWritten = false, ...options }: FieldOptions & { asWritten?: boolean } = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', format: 'email', maxLength: 254 },
      checks: [
        (each) => IsString(each),
        (each) => MaxLength(254, each),
        (each) => IsEmail({ require_tld: false }, each),
        checkBy('visibleCharacter', 'must not contain invisible characters', isVisible),
      ],
      conversions: asWritten
        ? []
        : [
            Transform(({ value }: { value: unknown }) =>
              Array.isArray(value) ? value.map(normalized) : normalized(value),
            ),
          ],
      convertsItems: true,
    },
    { example: 'ada@example.com', ...options },
  );

/** The source address of requests that are looked for, in whatever spelling: it is compared in its canonical form (RFC 5952). */
export const SourceAddress = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', minLength: 1, maxLength: 64 },
      checks: [
        (each) => IsString(each),
        (each) => MinLength(1, each),
        (each) => MaxLength(64, each),
        without(forbiddenIn('line')),
      ],
      conversions: [
        Transform(({ value }: { value: unknown }) =>
          typeof value === 'string' ? (parseSourceAddress(value) ?? value) : value,
        ),
      ],
    },
    { example: '203.0.113.7', ...options },
  );

/** A password as it is typed. How long a new one must be is a rule of the domain, not of the field. */
export const PasswordField = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', format: 'password', writeOnly: true, maxLength: 1024 },
      compiled: { type: 'string', maxLength: 1024 },
      checks: [(each) => IsString(each), (each) => MaxLength(1024, each)],
    },
    { example: 'correct horse battery staple', ...options },
  );

/** One of the listed words. */
export const Choice = (values: readonly string[], options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', enum: [...values] },
      compiled: { type: 'string', enum: [...values] },
      checks: [(each) => IsIn([...values], each)],
    },
    { example: values[0], ...options },
  );

/** A UUID in lower case. */
export const Identifier = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', format: 'uuid' },
      compiled: { type: 'string', format: 'uuid' },
      checks: [checkBy('isUuid', 'must be a UUID', (value) => typeof value === 'string' && UUID_PATTERN.test(value))],
    },
    { example: '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47', ...options },
  );

/** A whole number, safe by default. In a query it is written in decimal digits. */
export function WholeNumber(options: FieldOptions & { min?: number; max?: number } = {}): FieldDecorator {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return define(
    {
      schema: { type: 'integer', minimum: min, maximum: max },
      compiled: { type: 'integer', minimum: min, maximum: max },
      checks: [(each) => IsInt(each), (each) => Min(min, each), (each) => Max(max, each)],
      conversions: [fromQuery((text) => (/^-?(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined))],
    },
    options,
  );
}

/** `true` or `false`. */
export const Flag = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'boolean' },
      compiled: { type: 'boolean' },
      checks: [(each) => IsBoolean(each)],
      conversions: [fromQuery((text) => ({ true: true, false: false })[text])],
    },
    { example: true, ...options },
  );

/** An instant: RFC 3339 with its offset on the wire, epoch milliseconds in the class. */
export const Instant = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', format: 'date-time' },
      isInstant: true,
      checks: [checkBy('isInstant', 'must be an RFC 3339 date-time with its offset', Number.isFinite)],
      conversions: [
        // What is no instant becomes NaN, so that a number that was sent as such is not taken for one.
        Transform(({ value }: { value: unknown }) =>
          value === undefined || value === null
            ? value
            : ((typeof value === 'string' ? fromRfc3339(value) : undefined) ?? Number.NaN),
        ),
      ],
    },
    { example: '2026-01-01T00:00:00.000Z', ...options },
  );

/** An instant, or a date, which means the first instant of that day in UTC. */
export const InstantOrDate = (options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      schema: { type: 'string', anyOf: [{ format: 'date-time' }, { format: 'date' }] },
      checks: [checkBy('isInstant', 'must be an RFC 3339 date-time with its offset, or a date', Number.isFinite)],
      conversions: [
        Transform(({ value }: { value: unknown }) =>
          value === undefined
            ? value
            : ((typeof value === 'string' ? (fromRfc3339Date(value) ?? fromRfc3339(value)) : undefined) ?? Number.NaN),
        ),
      ],
    },
    { example: '2026-01-01', ...options },
  );

/** A list in a query: words separated by commas, or the parameter several times. */
export const QueryWords = (options: FieldOptions & { maxItems: number; pattern: RegExp }): FieldDecorator => {
  const { maxItems, pattern, ...rest } = options;
  return define(
    {
      schema: { type: 'array', items: { type: 'string', pattern: pattern.source }, maxItems },
      checks: [
        (each) => IsArray(each),
        (each) => ArrayMaxSize(maxItems, each),
        (each) => Matches(pattern, { ...each, each: true }),
      ],
      conversions: [
        Transform(
          ({ value }: { value: unknown }) =>
            value === undefined
              ? value
              : [value].flat().flatMap((part) => (typeof part === 'string' ? part.split(',') : [part])),
          { groups: [QUERY_GROUP] },
        ),
      ],
    },
    rest,
  );
};

/** An object of its own class, validated like the one around it. */
export const Nested = (type: () => Class<unknown>, options: FieldOptions = {}): FieldDecorator =>
  define(
    {
      // The document builder takes a function for lazy only if it is called `type`.
      schema: { type: () => type() },
      checks: [(each) => IsObject(each), (each) => ValidateNested({ ...each, message: 'must be an object' })],
      conversions: [Type(type)],
    },
    options,
  );

/** Any JSON object, left as it came, of at most `maxBytes` (UTF-8, without white space; 16 KiB by default). */
export function JsonObject(options: FieldOptions & { maxBytes?: number } = {}): FieldDecorator {
  const { maxBytes = 16_384 } = options;
  return define(
    {
      schema: { type: 'object', additionalProperties: true },
      compiled: { type: 'object', maxBytes },
      checks: [
        (each) => IsObject(each),
        checkBy('maxBytes', `must have at most ${maxBytes} bytes`, (value) => isWithinBytes(value, maxBytes)),
      ],
      // The object itself: a copy would be made member by member for nothing.
      conversions: [Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key])],
    },
    options,
  );
}

interface ItemsOptions extends FieldOptions {
  maxItems: number;
  minItems?: number;
  unique?: boolean;
}

/** A list: `@Items(Text({ max: 64 }), { maxItems: 20 })`, `@Items(Nested(() => Row), { maxItems: 100 })`. */
export function Items(item: FieldDecorator, options: ItemsOptions): FieldDecorator {
  const { minItems = 0, maxItems, unique = false } = options;
  const { schema, checks, conversions, convertsItems = false, compiled } = item.field;
  const isConverted = convertsItems || typeof schema.type === 'function';
  const bounds = { minItems, maxItems, ...(unique ? { uniqueItems: true } : {}) };
  return define(
    {
      // The document builder replaces a class by a reference; a plain schema is kept.
      schema:
        typeof schema.type === 'function'
          ? { ...bounds, type: schema.type, isArray: true }
          : { ...bounds, type: 'array', items: schema },
      compiled: compiled && { ...bounds, type: 'array', items: compiled },
      checks: [
        (each) => IsArray(each),
        (each) => ArrayMinSize(minItems, each),
        (each) => ArrayMaxSize(maxItems, each),
        ...(unique ? [(each: ValidationOptions) => ArrayUnique(each)] : []),
        ...checks.map(
          (check): Check =>
            (each) =>
              check({ ...each, each: true }),
        ),
      ],
      ...(conversions === undefined || !isConverted ? {} : { conversions }),
    },
    options,
  );
}

/** Converts the text of a query parameter; what does not convert is left for the checks to refuse. */
const fromQuery = (convert: (text: string) => unknown): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (convert(value) ?? value) : value), {
    groups: [QUERY_GROUP],
  });
