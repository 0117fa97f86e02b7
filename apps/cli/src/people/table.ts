import stringWidth from 'string-width';

/** Of what an entry of a list is shown. */
export type Columns<Item> = Readonly<Record<string, (item: Item) => unknown>>;

/** Without control characters: a name that a stranger chose must not move the cursor or change what was printed before. */
export const cleaned = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');

/** One value as a person reads it. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  if (typeof value === 'object') return cleaned(JSON.stringify(value));
  return cleaned(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Rows below their titles, each column as wide as its widest cell. */
export function tableOf<Item>(items: readonly Item[], columns: Columns<Item>): string {
  const titles = Object.keys(columns);
  const rows = items.map((item) => Object.values(columns).map((of) => cell(of(item))));
  return aligned([titles.map((title) => title.toUpperCase()), ...rows]);
}

/** The members of one thing, a line each. */
export const membersOf = (item: object): string =>
  aligned(Object.entries(item).map(([name, value]) => [name, cell(value)]));

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column]!))));
  const padded = (text: string, column: number): string => text + ' '.repeat(widths[column]! - stringWidth(text));
  return rows.map((row) => `${row.map(padded).join('  ').trimEnd()}\n`).join('');
}
