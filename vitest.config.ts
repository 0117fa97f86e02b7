import { availableParallelism } from 'node:os';

import swc from 'unplugin-swc';
import { type TestProjectConfiguration, configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

import { PROJECTS } from './vitest.projects.js';

const ORDER = Object.keys(PROJECTS);
const LONGEST = /model-\d|process\.test|console\/pages|readme-tour|drill|sdk\/package|architecture\/(release|layers)/;

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
    // One more than processors, because tests wait: for processes that they start, for files, for what is killed. On two processors,
    // a run with two more took 262 s in place of 220. VITEST_MAX_WORKERS=1 on a machine that is shared.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(PROJECTS).map(
      ([name, { include, exclude = [], pool, isolate = false }]): TestProjectConfiguration => ({
        extends: true,
        test: {
          name,
          include: [...include],
          exclude: [...configDefaults.exclude, ...exclude],
          pool,
          isolate,
          // Limits for what never comes, and no measures of how soon it does: a machine may do other things meanwhile.
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: { poll: { timeout: 30_000 } },
          setupFiles: ['test/support/setup.ts'],
        },
      }),
    ),
  },
});
