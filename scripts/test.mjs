// `node scripts/test.mjs sqlite|mysql [vitest arguments]`: runs the suite on one kind of database and ends with one line that counts.
// Without a project or a path in the arguments, all but the project `browser`. TEST_SKIPPED_FILES=path: writes the files in
// which a test was skipped there, one a line, for a run of those once there is what they asked for.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Explained, ROOT, at, productNode, run } from './project.mjs';
import { startThrowawayDatabase } from './throwaway-database.mjs';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Counts of a vitest JSON report. A file that could not be loaded holds no failed test, yet it is a failure. */
function count(report) {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
    filesWithSkipped: report.testResults
      .filter(({ assertionResults }) => assertionResults.some(({ status }) => status === 'skipped'))
      .map(({ name }) => relative(ROOT, name)),
  };
}

function readReport(path) {
  try {
    return count(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // vitest ended before it could write its report: its own messages say why.
    return { passed: 0, failed: 0, skipped: 0, filesWithSkipped: [] };
  }
}

/** Pages in Chromium take a third as long as everything else: they are run where a project or a path is named. */
const isNamed = (parameters) =>
  parameters.some(
    (parameter) => parameter.startsWith('--project') || (!parameter.startsWith('-') && /[/]|[.]ts$/.test(parameter)),
  );

const closingLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

// A signal ends vitest but not the clean-up after it: a database server that was started must be stopped.
const interruption = { code: 0, child: undefined };
for (const [signal, code] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    interruption.code = code;
    interruption.child?.kill(signal);
  });
}

/** Runs vitest and answers its exit code. */
async function vitest(environment, parameters, report) {
  if (interruption.code) return interruption.code;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(productNode(), [at('node_modules', 'vitest', 'vitest.mjs'), 'run', ...reporters, ...parameters], {
    cwd: ROOT,
    // Workers and the servers that tests start load the same packages again and again: V8 compiles them once.
    env: { NODE_COMPILE_CACHE: at('node_modules', '.cache', 'compile'), ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  interruption.child = child;
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (status) => resolve(status ?? 1));
  });
  return interruption.code || code;
}

/** One function per kind of database: where the tests find it, and how to be rid of it. */
const DATABASES = {
  sqlite: () => ({ environment: { TEST_DATABASE: 'sqlite', TEST_DATABASE_URL: undefined } }),
  mysql: async () => {
    const given = process.env.TEST_DATABASE_URL;
    if (given) return { environment: { TEST_DATABASE: 'mysql' } };
    const { url, version, stop } = await startThrowawayDatabase();
    process.stdout.write(`chancery: testing on a throw-away ${version} at ${url}\n`);
    return { environment: { TEST_DATABASE: 'mysql', TEST_DATABASE_URL: url }, stop };
  },
};

await run(async () => {
  const [kind, ...given] = process.argv.slice(2);
  const parameters = isNamed(given) ? given : ['--project=!browser', ...given];
  const counts = { passed: 0, failed: 0, skipped: 0, filesWithSkipped: [] };
  let code = 1;
  const folder = mkdtempSync(join(tmpdir(), 'chancery-report-'));
  try {
    const prepare = Object.hasOwn(DATABASES, kind ?? '') ? DATABASES[kind] : undefined;
    if (!prepare) throw new Explained('Usage: node scripts/test.mjs sqlite|mysql [vitest arguments]');
    if (!productNode()) throw new Explained('Nothing is installed yet: run `npm ci` first (`npm test` does).');
    const { environment, stop } = await prepare();
    try {
      const report = join(folder, 'report.json');
      code = await vitest(environment, parameters, report);
      Object.assign(counts, readReport(report));
    } finally {
      await stop?.();
    }
    // A green run in which nothing ran proves nothing.
    if (code === 0 && counts.passed + counts.failed === 0) {
      process.stdout.write(
        'chancery: no test ran. Is what they ask for installed (Chromium for the project `browser`)?\n',
      );
      code = 1;
    }
    const { TEST_SKIPPED_FILES } = process.env;
    if (TEST_SKIPPED_FILES)
      writeFileSync(TEST_SKIPPED_FILES, counts.filesWithSkipped.map((name) => `${name}\n`).join(''));
  } catch (error) {
    process.stderr.write(`${error instanceof Explained ? error.message : error.stack}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // What fails outside of any test (no server, an unhandled rejection) counts as well: the line and the exit code must agree.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  process.stdout.write(`${closingLine(counts)}\n`);
  return code;
});
