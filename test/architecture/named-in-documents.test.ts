import { basename, dirname, join, matchesGlob } from 'node:path';

import { describe, expect, it } from 'vitest';

import { filesUnder, read } from './project-files.js';

const FOLDERS = ['apps', 'bench', 'deploy', 'docs', 'examples', 'libs', 'scripts', 'test'];
const FILES = [
  ...FOLDERS.flatMap(filesUnder).filter((path) => !path.includes('node_modules/')),
  'vitest.config.ts',
  'vitest.projects.ts',
];
const SOURCES = FILES.filter(
  (path) => /\.(ts|tsx|mjs)$/.test(path) && path !== 'test/architecture/named-in-documents.test.ts',
);
/** Decisions and the list of changes say what there was when they were written. */
const DOCUMENTS = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'README.md',
  ...FILES.filter((path) => /^docs\/[^/]+\.md$|^(bench|deploy|examples|libs|test)\/.*README\.md$/.test(path)),
];
/** A pattern for names in CONTRIBUTING.md, and a folder that a run makes. */
const NO_FILES = ['x.ts', 'x.spec.ts', 'bench/results/'];

const words = new Set(SOURCES.flatMap((path) => read(path).match(/[A-Za-z_$][\w$]*/g) ?? []));
const names = new Set(FILES.flatMap((path) => [path, basename(path)]));

function isThere(document: string, named: string): boolean {
  const place = join(dirname(document), named);
  if (named.includes('*'))
    return FILES.some((path) => [named, place, `**/${named}`].some((glob) => matchesGlob(path, glob)));
  if (names.has(named) || names.has(place)) return true;
  const folder = named.endsWith('/') ? named : `${named}/`;
  return FILES.some((path) => path.endsWith(`/${named}`) || path.startsWith(folder));
}

/** What a text names between backticks, and is not there: files with code, paths from the root of the project, functions. */
function missing(document: string, text: string): string[] {
  const named = [...text.replace(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, name]) => name!);
  return named.filter((name) => {
    if (NO_FILES.includes(name)) return false;
    const isFile =
      /^[\w@./*-]+\.(ts|tsx|mjs)$/.test(name) || new RegExp(`^(${FOLDERS.join('|')})/[\\w./-]*$`).test(name);
    if (isFile) return !isThere(document, name);
    const called = /^(?:[\w$]+\.)*([A-Za-z_$][\w$]*)\(.*\)$/.exec(name)?.[1];
    return called !== undefined && !words.has(called);
  });
}

describe('what documents name', () => {
  it('what documents name is there: files, folders, functions', () => {
    expect(DOCUMENTS.length).toBeGreaterThan(50);
    expect(DOCUMENTS.map((path) => [path, missing(path, read(path))]).filter(([, names]) => names!.length > 0)).toEqual(
      [],
    );
  });

  it.each([
    '`gone.service.ts`',
    '`libs/gone`',
    '`libs/keys/gone-*.ts`',
    '`goneFunction(one, two)`',
    '`db.goneMethod()`',
  ])('what documents name would be found where it is gone: %s', (text) => {
    expect(missing('libs/keys/README.md', text)).toHaveLength(1);
  });
});

/** What every library has by the same name, as ARCHITECTURE.md says; the SDK has a page for its users. */
const SAME_IN_EVERY_LIBRARY =
  /(^|\/)(index|errors|events|settings|lifecycle|entities|[\w-]+\.module|[\w-]+-metrics)\.ts$/;
const LIBRARIES = [...new Set(FILES.flatMap((path) => /^libs\/([^/]+)\//.exec(path)?.[1] ?? []))].filter(
  (library) => library !== 'sdk',
);

/** The files of a library that its README names neither by themselves nor by their folder. */
function unnamed(paths: readonly string[], readme: string): string[] {
  return paths.filter((path) => {
    const [, inLibrary = ''] = /^libs\/[^/]+\/(.+)$/.exec(path) ?? [];
    const folder = inLibrary.includes('/') ? `${inLibrary.split('/')[0]}/` : undefined;
    return !readme.includes(basename(path)) && !(folder !== undefined && readme.includes(folder));
  });
}

describe('the README of a library', () => {
  it.each(LIBRARIES)('the README of libs/%s names each of its files or their folder', (library) => {
    const isSource = (path: string) => path.endsWith('.ts') && !path.endsWith('.spec.ts');
    const paths = FILES.filter((path) => path.startsWith(`libs/${library}/`) && isSource(path));
    const own = paths.filter((path) => !SAME_IN_EVERY_LIBRARY.test(path));
    expect(unnamed(own, read(`libs/${library}/README.md`))).toEqual([]);
  });

  it('a file that the README of its library does not name is found', () => {
    const paths = ['libs/keys/signer.ts', 'libs/keys/kinds/rsa.ts', 'libs/keys/forgotten.ts'];
    expect(unnamed(paths, '`signer.ts` opens a key; `kinds/` has one file each.')).toEqual(['libs/keys/forgotten.ts']);
  });
});
