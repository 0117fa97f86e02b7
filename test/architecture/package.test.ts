import { describe, expect, it } from 'vitest';
import { isPermissive } from '../../scripts/licences.mjs';
import { exists, filesUnder, packageJson, read } from './project-files.js';

describe('npm scripts', () => {
  const { scripts } = packageJson();

  it.each(Object.entries(scripts))('the npm script %s names files and scripts that exist', (_, command) => {
    const files = [...command.matchAll(/\bnode (\S+)|(?:-p|--config) (\S+)/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    // What is built comes from a source of the same name.
    const sources = files.map((path) => path.replace(/^dist\/(.*)\.js$/, '$1.ts'));
    expect(sources.filter((path) => !exists(path))).toEqual([]);
    const called = [...command.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it.each(['start', 'test', 'test:browser', 'test:mysql', 'demo'])(
    'the npm script %s works on a fresh clone: it prepares itself',
    (name) => {
      expect(scripts[`pre${name}`]).toMatch(/^node scripts\/prepare\.mjs (start|test)$/);
    },
  );
});

describe('the package of the SDK', () => {
  const { version, dependencies, peerDependencies } = JSON.parse(read('libs/sdk/package.json')) as {
    version: string;
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const root = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const installed: Record<string, string> = { ...root.dependencies, ...root.devDependencies };
  /** The packages that files of the SDK import; `''`: those that every importer loads. */
  const importedIn = (folder: string): string[] => {
    const isSource = (path: string) => path.endsWith('.ts') && !/\.(spec|d)\.ts$/.test(path);
    const sources = filesUnder(`libs/sdk${folder}`).filter(
      (path) => isSource(path) && (folder !== '' || /^libs\/sdk\/[\w-]+\.ts$/.test(path)),
    );
    const names = sources.flatMap((path) => [...read(path).matchAll(/ from '([^.'][^']*)'/g)].map(([, name]) => name!));
    return [...new Set(names)].toSorted();
  };

  it('the SDK depends on what it imports, in the version that is tested here, and on nothing else', () => {
    expect([importedIn(''), importedIn('/verify'), importedIn('/express')]).toEqual([['openapi-fetch'], ['jose'], []]);
    expect(Object.keys(dependencies).toSorted()).toEqual(['jose', 'openapi-fetch']);
    for (const [name, range] of Object.entries(dependencies)) expect([name, installed[name]]).toEqual([name, range]);
  });

  it('the SDK leaves the version of Nest to the application, in the range that is tested here', () => {
    expect(importedIn('/nest')).toEqual(Object.keys(peerDependencies));
    for (const [name, range] of Object.entries(peerDependencies))
      expect([name, `^${installed[name]!.split('.')[0]}.0.0`]).toEqual([name, range]);
  });

  it('the SDK has the version of the server', () => {
    expect(version).toBe((JSON.parse(read('package.json')) as { version: string }).version);
  });
});

describe('package.json', () => {
  const { engines, devDependencies, imports } = packageJson();

  it('the imports of package.json lead to the entry point of every library, as source and as what is built from it', () => {
    expect(imports).toEqual({ '#*': { source: './libs/*/index.ts', default: './dist/libs/*/index.js' } });
    expect(JSON.parse(read('tsconfig.json'))).toMatchObject({ compilerOptions: { rootDir: '.', outDir: 'dist' } });
  });

  it('package.json asks for the Node that it installs, and the tests run on it', () => {
    const major = /^>=(\d+)$/.exec(engines.node)?.[1];
    expect(devDependencies.node?.split('.')[0]).toBe(major);
    expect(process.versions.node).toBe(devDependencies.node);
  });

  it('package.json pins every dependency to one version', () => {
    const { dependencies, devDependencies: development } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const loose = Object.entries({ ...dependencies, ...development }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});

describe('licences', () => {
  interface Locked {
    readonly dev?: boolean;
    readonly optional?: boolean;
  }

  it('the licences of everything that ships are permissive', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
    const shipped = Object.entries(packages).filter(
      ([path, { dev, optional }]) => path !== '' && !dev && (!optional || exists(path)),
    );
    const licences = shipped.map(([path]) => {
      const { license } = JSON.parse(read(`${path}/package.json`)) as { license?: string | { type: string } };
      return { path, licence: typeof license === 'object' ? license.type : (license ?? 'none') };
    });
    expect(licences.length).toBeGreaterThan(100);
    expect(licences.filter(({ licence }) => !isPermissive(licence))).toEqual([]);
  });

  it.each([
    ['MIT', true],
    ['(BSD-3-Clause OR GPL-2.0)', true],
    ['MIT AND CC0-1.0', true],
    ['GPL-3.0', false],
    ['MIT AND GPL-3.0', false],
    ['none', false],
  ])('the licence %s is permissive: %s', (expression, expected) => {
    expect(isPermissive(expression)).toBe(expected);
  });
});
