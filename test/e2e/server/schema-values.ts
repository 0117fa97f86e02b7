import * as fc from 'fast-check';
import type { JsonSchema } from '../../support/declared-answers.js';

/** What a document refers to, and what its texts may name: ids that exist, passwords, key files. */
export interface Vocabulary {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** Values for members and parameters of a name. */
  readonly named: Readonly<Record<string, readonly unknown[]>>;
  /** Ids that exist, for members that take any. */
  readonly ids: readonly string[];
}

const LONGEST_TEXT = 300;
const MOST_ITEMS = 4;

/** Texts that have broken parsers, databases and log files. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202eevil',
  '🔑'.repeat(3),
  'é'.normalize('NFD'),
  'x'.repeat(70_000),
  '-1',
  '1e999',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  "'; DROP TABLE users; --",
  '%00',
  '%',
  '../../etc/passwd',
  'https://127.0.0.1/',
  '9999-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '2026-02-30T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  'csk_',
  'eyJhbGciOiJub25lIn0.e30.',
];

const HOSTILE_NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  1e21,
  1e308,
  -1e308,
  5e-324,
];

const hostileText = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));

const nested = (depth: number): unknown => {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
};

/** Any JSON value that a member was not meant to have. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(...HOSTILE_NUMBERS),
  fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { '': 1 }, nested(20), nested(200)),
  fc.constantFrom<unknown>(
    Array.from({ length: 2_000 }, () => 'x'),
    JSON.parse('{"__proto__":{"admin":true}}'),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A value in one of four cases. */
export const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Values that agree with a schema, as far as a schema says what is accepted. */
export function valueOf(schema: JsonSchema, vocabulary: Vocabulary, name = ''): fc.Arbitrary<unknown> {
  const known = vocabulary.named[name] ?? [];
  const example = schema.example === undefined ? [] : [schema.example];
  const given = [...known, ...example];
  const made = madeOf(schema, vocabulary);
  if (given.length === 0) return made;
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...given) }, { weight: 1, arbitrary: made });
}

function madeOf(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valueOf(vocabulary.schemas[schema.$ref.split('/').at(-1)!]!, vocabulary);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const variants = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (variants !== undefined) return fc.oneof(...variants.map((variant) => valueOf(variant, vocabulary)));
  const types = [schema.type ?? 'object'].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, vocabulary)));
}

function ofType(type: string, schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const { minimum = -1_000, maximum = 1_000_000 } = schema;
      return fc
        .oneof(fc.maxSafeInteger(), fc.constantFrom(minimum, maximum))
        .map((number) => within(number, minimum, maximum));
    }
    case 'string':
      return textOf(schema, vocabulary);
    case 'array': {
      const { minItems = 0, maxItems = MOST_ITEMS, items = {} } = schema;
      return fc.array(valueOf(items, vocabulary), {
        minLength: Math.min(minItems, MOST_ITEMS),
        maxLength: Math.min(maxItems, MOST_ITEMS),
      });
    }
    default:
      return objectOf(schema, vocabulary);
  }
}

const within = (number: number, minimum: number, maximum: number): number =>
  number < minimum || number > maximum ? minimum + (Math.abs(number) % (maximum - minimum + 1)) : number;

function textOf({ format, pattern, minLength = 0, maxLength = LONGEST_TEXT }: JsonSchema, vocabulary: Vocabulary) {
  if (format === 'uuid') return fc.oneof(fc.constantFrom(...vocabulary.ids), fc.uuid());
  if (format === 'email') return fc.emailAddress();
  if (format === 'date-time') {
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
      .map((date) => date.toISOString());
  }
  // fast-check makes no texts for patterns that look ahead.
  if (pattern !== undefined && !pattern.includes('(?')) return fc.stringMatching(new RegExp(pattern));
  const bounds = { minLength: Math.min(minLength, LONGEST_TEXT), maxLength: Math.min(maxLength, LONGEST_TEXT) };
  return fc.oneof(fc.string({ ...bounds, unit: 'grapheme' }), fc.string(bounds));
}

function objectOf({ properties = {}, required = [] }: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const members = Object.entries(properties).map(([name, schema]) => {
    const value = valueOf(schema, vocabulary, name);
    // Every optional member is one more reason to be rejected.
    const given = required.includes(name) ? value : seldom(value);
    return given.map((one) => [name, one] as const);
  });
  if (members.length === 0)
    return fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
  return fc.tuple(...members).map((given) => Object.fromEntries(given.filter(([, value]) => value !== undefined)));
}

/** Objects of a schema in which one thing is wrong: a member is missing, unknown, or has a value that it must not have. */
export function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(value, fc.nat(), hostileValue, fc.constantFrom('replace', 'drop', 'add', 'all'))
    .map(([object, choice, hostile, way]) => {
      if (typeof object !== 'object' || object === null || way === 'all') return hostile;
      const names = Object.keys(object);
      const name = names[choice % Math.max(1, names.length)];
      if (way === 'add' || name === undefined) return { ...object, [`unknown${choice % 3}`]: hostile };
      const { [name]: _, ...rest } = object as Record<string, unknown>;
      return way === 'drop' ? rest : { ...rest, [name]: hostile };
    });
}
