import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What was downloaded once is kept; deleting it downloads it again. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/corpora');
const DOWNLOAD_MILLISECONDS = 600_000;

/**
 * What a program writes; `undefined` where it fails.
 * @param anyStatus whether its output counts also where it ends with a status other than 0
 */
export function output(command: string, args: readonly string[], cwd?: string, anyStatus = false): string | undefined {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: DOWNLOAD_MILLISECONDS,
    maxBuffer: 1 << 26,
  });
  return error || (status !== 0 && !anyStatus) ? undefined : stdout;
}

/** The unpacked wheel of a PyPI package; `undefined` without pip or the package. */
export function pypi(name: string, version: string): string | undefined {
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  if (output('pip', ['download', '--no-deps', '--dest', CACHE, `${name}==${version}`]) === undefined) return undefined;
  const wheel = readdirSync(CACHE).find((file) => file.startsWith(`${name.replaceAll('-', '_')}-${version}`));
  if (wheel === undefined) return undefined;
  return output('python3', ['-m', 'zipfile', '-e', join(CACHE, wheel), folder]) === undefined ? undefined : folder;
}

/** The folder of a Go module; `undefined` without Go or the module. */
export function goModule(path: string, version: string): string | undefined {
  mkdirSync(CACHE, { recursive: true });
  const answer = output('go', ['mod', 'download', '-json', `${path}@${version}`], CACHE);
  return answer === undefined ? undefined : (JSON.parse(answer) as { Dir?: string }).Dir;
}

/** Every file below a folder, in the order of its path. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** The virtual environment with a PyPI package; `undefined` without Python or the package. */
export function pythonPackage(name: string, version: string): string | undefined {
  mkdirSync(CACHE, { recursive: true });
  const folder = join(CACHE, `${name}-${version}-environment`);
  const pip = join(folder, 'bin', 'pip');
  if (!existsSync(pip) && output('python3', ['-m', 'venv', folder]) === undefined) return undefined;
  return output(pip, ['install', '--quiet', `${name}==${version}`]) === undefined ? undefined : folder;
}

/** The program that a Go module builds; `undefined` without Go or the module. */
export function goProgram(path: string, version: string): string | undefined {
  const program = join(CACHE, `${basename(path)}-${version}`, basename(path));
  if (existsSync(program)) return program;
  const folder = dirname(program);
  mkdirSync(folder, { recursive: true });
  const built = output('env', [`GOBIN=${folder}`, 'go', 'install', `${path}@${version}`], CACHE);
  return built === undefined ? undefined : program;
}
