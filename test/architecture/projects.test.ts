import { globSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';

import { describe, expect, it } from 'vitest';

import { PROJECTS } from '../../vitest.projects.js';

const ROOT = join(import.meta.dirname, '../..');
const FILES = globSync(['{apps,libs,test}/**/*.{test,spec}.ts'], {
  cwd: ROOT,
  exclude: (path) => path.includes('node_modules'),
});

const projectsOf = (file: string): string[] =>
  Object.entries(PROJECTS).flatMap(([name, { include, exclude = [] }]) =>
    include.some((glob) => matchesGlob(file, glob)) && !exclude.some((glob) => matchesGlob(file, glob)) ? [name] : [],
  );

describe('the projects of the suite', () => {
  it('the projects of the suite have each test file once', () => {
    expect(FILES.length).toBeGreaterThan(300);
    expect(FILES.map((file) => [file, projectsOf(file).length]).filter(([, count]) => count !== 1)).toEqual([]);
  });

  it.each([
    ['test/e2e/console/people.test.ts', ['browser']],
    ['test/e2e/server/console-files.test.ts', ['e2e']],
    ['test/integration/vault/pkcs11.test.ts', ['tokens']],
    ['libs/keys/versions.spec.ts', ['unit']],
    ['test/conformance/crypto/sealing.test.ts', ['conformance']],
    ['test/elsewhere/x.spec.ts', []],
  ])('the projects of the suite place %s in %j', (file, expected) => {
    expect(projectsOf(file)).toEqual(expected);
  });
});
