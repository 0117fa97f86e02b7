// What every script needs to know about this folder. Plain JavaScript for any Node >= 18: it runs before anything is installed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A path inside the repository. */
export const at = (...parts) => join(ROOT, ...parts);

/** A failure that is explained by its message alone; its stack would only hide it. */
export class Explained extends Error {}

/**
 * The Node that the product runs on: the one that npm installed beside it, else this one if it is new enough.
 * `undefined` where neither is there.
 */
export function productNode() {
  const installed = at('node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined;
}

/** Runs a script's main function; a failure sets the exit code and is said in one line. */
export async function run(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Explained ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
