import { availableParallelism } from 'node:os';

import swc from 'unplugin-swc';
import { type TestProjectConfiguration, configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Project {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly pool: 'forks' | 'threads';
}

/** Specs beside the code, and the rules of the project. */
const UNIT = ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/architecture/**/*.test.ts'];
/** What standards and other implementations say, openssl, Python and Java among them, without a database or a server. */
const CONFORMANCE = [
  'test/conformance/{crypto,key-files}/**/*.test.ts',
  'test/conformance/{certificates,transparency-log}/pure-*.test.ts',
];
/** Processes that are started and killed, races, and the PKCS#11 module, which a process loads once. */
const FAULTS = ['test/faults/**/*.test.ts', 'test/integration/vault/pkcs11.test.ts'];
/** Services on a real database. */
const INTEGRATION = ['test/integration/**/*.test.ts'];

/** Every project, the one with the longest files first: `npm test -- --project unit` runs one of them. */
const PROJECTS: Readonly<Record<string, Project>> = {
  faults: { include: FAULTS, pool: 'forks' },
  integration: { include: INTEGRATION, exclude: FAULTS, pool: 'forks' },
  // The server over HTTP, and the command line: whatever no other project has.
  e2e: {
    include: ['test/**/*.test.ts'],
    exclude: [...UNIT, ...CONFORMANCE, ...FAULTS, ...INTEGRATION],
    pool: 'forks',
  },
  conformance: { include: CONFORMANCE, pool: 'threads' },
  unit: { include: UNIT, pool: 'threads' },
};

const ORDER = Object.keys(PROJECTS);
const LONGEST = /model-\d|process\.test/;

/**
 * Files in the order of `PROJECTS`; within a project the longest first, as far as earlier runs have measured them. A
 * fresh clone has no measurements: it begins with those that are known to be long.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number =>
      ORDER.indexOf(project.name) * 2 + (LONGEST.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  plugins: [
    // swc compiles the tests because Nest's injection reads `emitDecoratorMetadata`, which the bundled transformer does not write.
    swc.vite({
      module: { type: 'es6' },
      jsc: {
        target: 'es2024',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
    }),
  ],
  oxc: false,
  resolve: { conditions: ['source'] },
  // `source` also for what Node loads itself; never `import`, which would give CommonJS packages an ESM file.
  ssr: { resolve: { conditions: ['source', 'node', 'default'], mainFields: ['main'], externalConditions: ['source'] } },
  test: {
    // One more than processors, because tests wait for the processes that they start. VITEST_MAX_WORKERS=1 on a machine that is shared.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(PROJECTS).map(([name, { include, exclude = [], pool }]): TestProjectConfiguration => ({
      extends: true,
      test: {
        name,
        include: [...include],
        exclude: [...configDefaults.exclude, ...exclude],
        pool,
        // Files that follow each other in a process share the modules that they import.
        isolate: false,
        testTimeout: 60_000,
        hookTimeout: 120_000,
        // Of what a test waits for: a limit for what never comes, and no measure of how soon it does.
        expect: { poll: { timeout: 30_000 } },
        setupFiles: ['test/support/setup.ts'],
      },
    })),
  },
});
