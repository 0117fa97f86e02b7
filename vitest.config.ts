import { availableParallelism } from 'node:os';

import swc from 'unplugin-swc';
import { type TestProjectConfiguration, configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Project {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly pool: 'forks' | 'threads';
  /** Whether each file has a process of its own. Where not, files share the modules that they import. */
  readonly isolate: boolean;
}

/** Tests that start the server, although they are in the folder of the conformance tests. */
const CONFORMANCE_OF_SERVER = [
  'test/conformance/gateway/**/*.test.ts',
  'test/conformance/keys/**/*.test.ts',
  'test/conformance/certificates/{relying-parties,xima-notebook}.test.ts',
];

/** Every project, the one with the longest files first: `npm test -- --project unit` runs one of them. */
const PROJECTS: Readonly<Record<string, Project>> = {
  // Processes that are started and killed, races, and the PKCS#11 module, which a process loads once.
  faults: {
    include: ['test/faults/**/*.test.ts', 'test/integration/vault/pkcs11.test.ts'],
    pool: 'forks',
    isolate: true,
  },
  // Services on a real database.
  integration: {
    include: ['test/integration/**/*.test.ts'],
    exclude: ['test/integration/vault/pkcs11.test.ts'],
    pool: 'forks',
    isolate: false,
  },
  // The server over HTTP, and the command line.
  e2e: { include: ['test/e2e/**/*.test.ts', ...CONFORMANCE_OF_SERVER], pool: 'forks', isolate: false },
  // Neither a database nor a server.
  unit: {
    include: [
      'libs/**/*.spec.ts',
      'apps/**/*.spec.ts',
      'test/conformance/**/*.test.ts',
      'test/architecture/**/*.test.ts',
    ],
    exclude: CONFORMANCE_OF_SERVER,
    pool: 'threads',
    isolate: false,
  },
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
  ssr: { resolve: { conditions: ['source', 'module', 'node', 'default'], externalConditions: ['source'] } },
  test: {
    // One for each processor: vitest would leave one of them to itself. VITEST_MAX_WORKERS=1 on a machine that is shared.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(PROJECTS).map(
      ([name, { include, exclude = [], pool, isolate }]): TestProjectConfiguration => ({
        extends: true,
        test: {
          name,
          include: [...include],
          exclude: [...configDefaults.exclude, ...exclude],
          pool,
          isolate,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          setupFiles: ['test/support/setup.ts'],
        },
      }),
    ),
  },
});
