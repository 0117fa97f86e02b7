import { describe, expect, it } from 'vitest';

import { settings } from '#installation';
import { keyFormatNames } from '#pki';
import { formatNames } from '#signing';

import { errorTables } from '../../apps/server/src/reference.js';
import { filesUnder, read } from './project-files.js';

interface Source {
  readonly path: string;
  readonly text: string;
}

const product: readonly Source[] = ['apps', 'libs']
  .flatMap(filesUnder)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
  .map((path) => ({ path, text: read(path) }));

/** Names of settings that no file but their own table mentions. */
const unread = (names: readonly string[], sources: readonly Source[]): string[] =>
  names.filter(
    (name) =>
      !sources.some(({ path, text }) => !path.endsWith('/settings.ts') && new RegExp(`\\b${name}\\b`).test(text)),
  );

/** Error codes that only their own table and the declared answers of routes mention. */
const unthrown = (codes: readonly string[], sources: readonly Source[]): string[] => {
  const code = sources.map(({ text }) => text.replace(/@Fails\([^)]*\)/g, '').replace(/const \{[^}]*\} =/g, ''));
  return codes.filter((name) => {
    const mentions = code.flatMap((text) => [...text.matchAll(new RegExp(`\\b${name}\\b(?!: \\{)(?!:$)`, 'gm'))]);
    return mentions.length === 0;
  });
};

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Numbers, as digits or words, that a text says of something. */
const countsOf = (text: string, what: RegExp): number[] =>
  [...text.matchAll(new RegExp(`\\b(\\d+|${WORDS.join('|')})\\s+${what.source}`, 'gi'))].map(([, number = '']) =>
    /^\d/.test(number) ? Number(number) : WORDS.indexOf(number.toLowerCase()),
  );

describe('what the product says about itself', () => {
  it('every setting that a library declares is a setting of the server, and no two share a name or a variable', () => {
    const declared = product
      .filter(({ path }) => path.endsWith('/settings.ts'))
      .flatMap(({ text }) => [...text.matchAll(/^ {4}variable: '(\w+)',$/gm)].map(([, variable]) => variable!));
    expect(declared).toContain('DATABASE_URL');
    expect(
      Object.values(settings)
        .map(({ variable }) => variable)
        .toSorted(),
    ).toEqual(declared.toSorted());
    expect(new Set(declared).size).toBe(declared.length);
  });

  it('every setting of the server has a reader', () => {
    expect(unread(Object.keys(settings), product)).toEqual([]);
  });

  it('a setting without a reader would be found', () => {
    expect(unread(['noSuchSetting'], [{ path: 'libs/config/settings.ts', text: 'noSuchSetting: setting()' }])).toEqual([
      'noSuchSetting',
    ]);
  });

  it('every error of the tables is raised somewhere', () => {
    const codes = errorTables.flatMap(({ definitions }) => Object.keys(definitions));
    expect(unthrown(codes, product)).toEqual([]);
  });

  it('an error that routes only declare would be found', () => {
    const text = "ODD: { kind: 'conflict' },\n@Fails(ODD)\nconst { ODD } = errors;";
    expect(unthrown(['ODD'], [{ path: 'libs/x/errors.ts', text }])).toEqual(['ODD']);
    expect(unthrown(['ODD'], [{ path: 'libs/x/errors.ts', text: `${text}\nthrow errors.ODD();` }])).toEqual([]);
  });

  it.each(['README.md', 'CHANGELOG.md', 'docs/key-files.md', 'docs/token-formats.md'])(
    'the counts of formats in %s are those of the tables',
    (page) => {
      const text = read(page);
      for (const count of countsOf(text, /file formats/)) expect(count).toBe(keyFormatNames.length);
      for (const count of countsOf(text, /formats(?=:| and the)/)) expect(count).toBe(formatNames.length);
    },
  );

  it('the counts of formats are found in the README', () => {
    const text = read('README.md');
    expect(countsOf(text, /file formats/)).toHaveLength(1);
    expect(countsOf(text, /formats(?=:| and the)/)).toHaveLength(2);
  });

  it('nothing promises proofs of the history before a route serves them', () => {
    const served = product.some(({ text }) => /@(Get|Controller)\([^)]*proof/.test(text));
    const pages = ['README.md', 'package.json', 'docs/permissions.md', 'apps/server/src/http/openapi.ts'];
    const promising = pages.filter((page) => /provable|can be proven|export and verify/i.test(read(page)));
    expect(served ? [] : promising).toEqual([]);
  });
});
