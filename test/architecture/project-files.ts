import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's folder. */
export const ROOT = join(import.meta.dirname, '..', '..');

export const exists = (path: string): boolean => existsSync(join(ROOT, path));
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every file below a folder of the repository, as paths with `/` from the repository's folder; none where it is absent. */
export function filesUnder(folder: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(ROOT.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

export interface PackageJson {
  readonly scripts: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly engines: { readonly node: string };
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const packageJson = (): PackageJson => JSON.parse(read('package.json')) as PackageJson;
