import type { Json } from '#core';

export type JsonObject = Readonly<Record<string, Json | undefined>>;

/** The outcome of reading untrusted input. `reason` is stable and may be logged; `detail` is for the sender. */
export type Parsed<Value, Reason extends string> = { readonly ok: true; readonly value: Value } | Refusal<Reason>;

export interface Refusal<Reason extends string> {
  readonly ok: false;
  readonly reason: Reason;
  readonly detail: string;
}

export const refusal = <const Reason extends string>(reason: Reason, detail: string): Refusal<Reason> => ({
  ok: false,
  reason,
  detail,
});

export type JsonRefusalReason =
  | 'NOT_UTF8'
  | 'NOT_JSON'
  | 'DUPLICATE_MEMBER'
  | 'FORBIDDEN_MEMBER'
  | 'LONE_SURROGATE'
  | 'NUMBER_OUT_OF_RANGE'
  | 'TOO_DEEP'
  | 'TOO_MANY_MEMBERS';

export interface JsonLimits {
  /** Levels of objects and arrays; a value without any has depth 0. */
  readonly maxDepth: number;
  /** Members of all objects and items of all arrays together. */
  readonly maxMembers: number;
  readonly allowDuplicateMembers: boolean;
}

const JSON_LIMITS: JsonLimits = { maxDepth: 32, maxMembers: 1_000, allowDuplicateMembers: false };

// `ignoreBOM` keeps the mark in the text, where JSON.parse refuses it (RFC 8259 §8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads JSON that will be checked, hashed or signed, so that no two readers can understand it differently: I-JSON
 * (RFC 7493) within limits. Never throws. The caller bounds the number of bytes.
 */
export function parseStrictJson(bytes: Uint8Array, limits: Partial<JsonLimits> = {}): Parsed<Json, JsonRefusalReason> {
  let text: string;
  let value: Json;
  try {
    text = utf8.decode(bytes);
  } catch {
    return refusal('NOT_UTF8', 'The text is not valid UTF-8');
  }
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return refusal('NOT_JSON', 'The text is not valid JSON');
  }
  return scan(text, { ...JSON_LIMITS, ...limits }) ?? { ok: true, value };
}

interface Level {
  /** Of an object the names seen so far; an array has none. */
  readonly names: Set<string> | undefined;
  /** The member whose value this level is. */
  readonly memberName: string | undefined;
  lastName: string | undefined;
}

/**
 * Walks over text that `JSON.parse` has accepted, so that quotes, brackets and colons alone tell the structure: a
 * string before a colon is a member name. Linear in the length of the text, and without recursion.
 */
function scan(text: string, limits: JsonLimits): Refusal<JsonRefusalReason> | undefined {
  const levels: Level[] = [];
  let members = 0;
  for (let position = 0; position < text.length; position++) {
    const level = levels.at(-1);
    const character = text[position]!;
    if (character === '{' || character === '[') {
      if (levels.length >= limits.maxDepth)
        return refusal('TOO_DEEP', `The JSON is nested deeper than ${limits.maxDepth} levels`);
      const memberName = level?.lastName;
      levels.push({ names: character === '{' ? new Set() : undefined, memberName, lastName: undefined });
      if (character === '[' && firstVisible(text, position + 1) !== ']') members++;
    } else if (character === '}' || character === ']') {
      levels.pop();
    } else if (character === ',') {
      if (level?.names === undefined) members++;
    } else if (character === '"') {
      const start = position;
      position = endOfString(text, start);
      const string = unquote(text, start, position);
      if (!string.isWellFormed()) return refusal('LONE_SURROGATE', 'A string holds half of a surrogate pair');
      if (level?.names === undefined || firstVisible(text, position + 1) !== ':') continue;
      members++;
      if (level.names.has(string) && !limits.allowDuplicateMembers) {
        return refusal('DUPLICATE_MEMBER', `The member ${quote(string)} occurs twice in one object`);
      }
      if (poisons(string, level))
        return refusal('FORBIDDEN_MEMBER', 'A member name would alter the prototype of an object');
      level.names.add(string);
      level.lastName = string;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      const start = position;
      while (/[0-9eE+.-]/.test(text[position + 1] ?? '')) position++;
      if (!Number.isFinite(Number(text.slice(start, position + 1)))) {
        return refusal('NUMBER_OUT_OF_RANGE', 'A number is larger than a double can hold');
      }
    }
    if (members > limits.maxMembers)
      return refusal('TOO_MANY_MEMBERS', `The JSON has more than ${limits.maxMembers} members`);
  }
  return undefined;
}

/** `__proto__`, and `prototype` within `constructor`: the two ways by which a careless merge reaches Object.prototype. */
const poisons = (name: string, level: Level): boolean =>
  name === '__proto__' || (name === 'prototype' && level.memberName === 'constructor');

/** The index of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** An odd number of backslashes precedes the character; an even number escapes only itself. */
function isEscaped(text: string, position: number): boolean {
  let first = position;
  while (text[first - 1] === '\\') first--;
  return (position - first) % 2 === 1;
}

function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end);
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end + 1)) as string) : inner;
}

function firstVisible(text: string, from: number): string | undefined {
  let position = from;
  while (' \t\n\r'.includes(text[position] ?? '!')) position++;
  return text[position];
}

/** A name of the sender's choice, short enough to be shown. */
const quote = (name: string): string => JSON.stringify(name.length <= 64 ? name : `${name.slice(0, 63)}…`);
