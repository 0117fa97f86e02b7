// `node scripts/prepare.mjs start|test`: makes a fresh clone ready for `npm start` and `npm test`.
// Installs what the lockfile says and node_modules lacks, builds what changed, and says nothing when there is nothing to do.
// Plain JavaScript for any Node >= 18, because it runs before the product's own Node is there.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Explained, ROOT, at, productNode, run } from './project.mjs';

const SOURCE_FOLDERS = ['apps', 'libs'];
const BUILD_INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const STAMP = at('dist', '.prepared');
/** The console and the libraries in it, which another compiler builds into one folder. */
const CONSOLE_FOLDERS = ['apps/console', 'libs/sdk', 'libs/log-verifier'];
const CONSOLE_STAMP = at('dist', '.prepared-console');

const say = (line) => process.stdout.write(`chancery: ${line}\n`);

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    // npm was killed while it wrote: the same as not written.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Why `npm ci` is needed; `undefined` when node_modules holds what the lockfile says. Contents decide: a clone has no honest times. */
function installReason() {
  const wanted = readJson(at('package-lock.json'));
  if (!wanted)
    throw new Explained('package-lock.json is missing or damaged: restore it with `git checkout package-lock.json`.');
  const installed = readJson(at('node_modules', '.package-lock.json'));
  if (!installed) return 'nothing is installed yet';
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted.packages)) {
    if (path === '') continue;
    const found = installed.packages[path];
    // Binaries for other platforms are optional, and npm rightly leaves them out.
    if (found ? found.version !== version : !(optional || devOptional)) return `${path} ${version} is not installed`;
  }
  return productNode() ? undefined : 'the Node that runs the product is not installed';
}

/** Runs npm on the machine's Node: the one inside node_modules is about to be replaced. */
async function npm(parameters, stdio = ['ignore', 'inherit', 'inherit']) {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(at('node_modules')));
  const child = spawn('npm', [...parameters, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio,
    shell: process.platform === 'win32',
  });
  const status = await new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', ({ message }) =>
      reject(new Explained(`npm could not be started (${message}): install Node.js with npm.`)),
    );
  });
  return status === 0;
}

async function requireNpm(...parameters) {
  if (await npm(parameters)) return;
  throw new Explained(`\`npm ${parameters.join(' ')}\` failed; its messages are above. Is the registry reachable?`);
}

async function install(reason) {
  say(`installing dependencies with npm ci (${reason}) ...`);
  // No package's install script is needed but one: `node` fetches the binary for this platform (better-sqlite3 brings
  // its own).
  await requireNpm('ci', '--include=dev', '--ignore-scripts');
  await requireNpm('rebuild', 'node', '--ignore-scripts=false');
}

/** The one package that is compiled serves only those who keep keys on a PKCS#11 token. */
async function compileTokens() {
  if (await npm(['rebuild', 'pkcs11js', '--ignore-scripts=false'], 'ignore')) return;
  say('pkcs11js could not be compiled: keys on PKCS#11 tokens are not available here.');
}

/** Every file under a folder of the repository, as paths relative to that folder. */
function filesUnder(folder, prefix = '') {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name), `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
  );
}

/** The compiler's inputs under apps/ and libs/; specs are not built. */
const sources = () =>
  SOURCE_FOLDERS.flatMap((folder) => filesUnder(at(folder), `${folder}/`)).filter(
    (path) => /\.(ts|json)$/.test(path) && !/\.(spec|d)\.ts$/.test(path) && !path.startsWith('apps/console/'),
  );

/** One hash over names, sizes and times of all inputs: a removed or older file changes it as well as a newer one. */
function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths, ...BUILD_INPUTS]) {
    const { size, mtimeMs } = statSync(at(path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const consoleSources = () =>
  CONSOLE_FOLDERS.flatMap((folder) => filesUnder(at(folder), `${folder}/`)).filter(
    (path) => !path.endsWith('.spec.ts'),
  );

const compiled = (path) => path.replace(/\.ts$/, '.js');

const isComplete = (paths) => paths.every((path) => !path.endsWith('.ts') || existsSync(at('dist', compiled(path))));

/** Removes what an earlier build wrote for sources that are gone, so that nothing runs that can no longer be read. */
function removeOrphans(paths) {
  const kept = new Set(paths.flatMap((path) => [compiled(path), `${compiled(path)}.map`]));
  const orphans = SOURCE_FOLDERS.flatMap((folder) => filesUnder(at('dist', folder), `${folder}/`)).filter(
    (path) => !kept.has(path),
  );
  for (const path of orphans) rmSync(at('dist', path));
  if (orphans.length > 0) say(`removed ${orphans.length} built file(s) without a source.`);
}

/** Runs one of the compilers on the product's own Node. */
async function compile(what, script, ...parameters) {
  say(`building ${what} ...`);
  const started = performance.now();
  const child = spawn(productNode(), [at('node_modules', ...script), ...parameters], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', ({ message }) => reject(new Explained(`The compiler could not be started: ${message}`)));
  });
  if (status !== 0) throw new Explained(`Building ${what} failed; the messages are above.`);
  say(`built ${what} in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

async function build(paths, current) {
  rmSync(STAMP, { force: true });
  // The incremental compiler trusts its own record and would not write a deleted file again.
  if (!isComplete(paths)) rmSync(at('dist', '.tsbuildinfo'), { force: true });
  // Types are checked by `npm run check` and `npm run build`; what is written is the same, in half the time.
  await compile('the server', ['typescript', 'bin', 'tsc'], '-p', 'tsconfig.build.json', '--noCheck');
  removeOrphans(paths);
  mkdirSync(at('dist'), { recursive: true });
  writeFileSync(STAMP, current);
}

async function buildConsole(current) {
  rmSync(CONSOLE_STAMP, { force: true });
  await compile('the console', ['vite', 'bin', 'vite.js'], 'build', '--config', 'apps/console/vite.config.ts');
  writeFileSync(CONSOLE_STAMP, current);
}

const isCurrent = (stamp, current) => existsSync(stamp) && readFileSync(stamp, 'utf8') === current;

await run(async () => {
  const purpose = process.argv[2];
  if (purpose !== 'start' && purpose !== 'test') throw new Explained('Usage: node scripts/prepare.mjs start|test');
  const reason = installReason();
  if (reason) {
    await install(reason);
    const left = installReason();
    if (left) throw new Explained(`Cannot ${purpose}: after \`npm ci\`, ${left}. Remove node_modules and try again.`);
  }
  const paths = sources();
  const current = fingerprint(paths);
  const currentConsole = fingerprint(consoleSources());
  const isServerCurrent = isCurrent(STAMP, current) && isComplete(paths);
  const isConsoleCurrent = isCurrent(CONSOLE_STAMP, currentConsole) && existsSync(at('dist', 'console', 'index.html'));
  // Side by side: each compiler is busy on one processor.
  const builds = await Promise.allSettled([
    reason ? compileTokens() : undefined,
    isServerCurrent ? undefined : build(paths, current),
    isConsoleCurrent ? undefined : buildConsole(currentConsole),
  ]);
  const failed = builds.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return 0;
});
