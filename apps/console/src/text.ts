/** The parts of a text that are separated by commas or lines, without blanks around them. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** An enumeration for a sentence: `a, b and c`. */
export const enumeration = (items: readonly string[]): string =>
  new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(items);
