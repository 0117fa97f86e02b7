import type { Type as Class } from '@nestjs/common';

import { type EpochMilliseconds, type Rfc3339, toRfc3339 } from '#core';
import { type DeclaredField, fieldsOf } from './declared-fields.js';

type RowValue<Value> = Value extends Rfc3339
  ? EpochMilliseconds
  : Value extends (infer Item)[]
    ? readonly Item[]
    : Value;

/** What an answer is presented from: the same names, with epoch milliseconds where it has an instant. */
export type RowOf<Answer> = {
  readonly [Name in keyof Answer]: RowValue<Answer[Name]> | (undefined extends Answer[Name] ? undefined : never);
};

const fieldsOfAnswer = new WeakMap<object, ReadonlyMap<string, DeclaredField>>();

/**
 * A row as the API shows it: the fields that the class of the answer declares and nothing else of the row. Instants are
 * written as RFC 3339 has them, and what is `undefined` is left out.
 */
export function present<Answer extends object>(answer: Class<Answer>, row: RowOf<Answer>): Answer {
  let fields = fieldsOfAnswer.get(answer);
  if (fields === undefined) fieldsOfAnswer.set(answer, (fields = fieldsOf(answer)));
  const values = row as Readonly<Record<string, unknown>>;
  const shown: Record<string, unknown> = {};
  for (const [name, { isInstant }] of fields) {
    const value = values[name];
    if (value !== undefined) shown[name] = isInstant && typeof value === 'number' ? toRfc3339(value) : value;
  }
  return shown as Answer;
}
