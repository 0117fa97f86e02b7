import { listOf } from './text.js';

type Settings = Readonly<Record<string, unknown>>;

/** A field's text as a value of the kind that the setting has now. */
function valueOf(text: string | undefined, present: unknown): unknown {
  if (Array.isArray(present)) return listOf(text);
  if (typeof present === 'number') return Number(text);
  if (typeof present === 'boolean') return text === 'true';
  return text ?? '';
}

/** The settings that a filled form changes. A field that was left empty is an empty list, or an empty text. */
export const changedSettings = (present: Settings, fields: Readonly<Record<string, string>>): Settings =>
  Object.fromEntries(
    Object.entries(present)
      .map(([name, value]) => [name, value, valueOf(fields[name], value)] as const)
      .filter(([, value, next]) => JSON.stringify(value) !== JSON.stringify(next))
      .map(([name, , next]) => [name, next]),
  );
