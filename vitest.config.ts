import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

// swc compiles the tests because Nest's injection reads `emitDecoratorMetadata`, which the bundled transformer does not write.
export default defineConfig({
  plugins: [
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
    include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ['test/support/setup.ts'],
  },
});
