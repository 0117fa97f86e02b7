import { readFileSync } from 'node:fs';

/** The version in package.json, which is above both `libs/` and `dist/libs/`. */
export function productVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // The other place, then.
    }
  }
  return '0.0.0';
}
