/**
 * Claims and what they must be, one a line: `repository_id = 74`. Blanks around both are left out; the first `=` separates them.
 * @throws Error that names the first line without both
 */
export function claimsOf(text: string | undefined): Record<string, string> {
  const lines = (text ?? '').split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      const [name, value] = [line.slice(0, Math.max(at, 0)).trim(), line.slice(at + 1).trim()];
      if (name === '' || value === '') throw new Error(`A claim is written as name = value: ${line.trim()}`);
      return [name, value];
    }),
  );
}

/** Claims of a trust, as they are listed. */
export const claimLines = (claims: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(claims).map(([name, value]) => `${name} = ${String(value)}`);
