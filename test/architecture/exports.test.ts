import { describe, expect, it } from 'vitest';

import { filesUnder, read } from './project-files.js';

const LIST = /\b(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g;
const DECLARED = /\bexport (?:const|function|class|type|interface) (\w+)/g;

/**
 * Libraries for programs outside of this one, with what nothing here calls: the proofs of the history are verified by
 * others, too, and the SDK is for clients.
 */
const OFFERED_TO_OTHERS = new Set(['transparency-log', 'sdk']);

/** The names in the braces of an import or an export, by their name outside. */
const namesIn = (list: string, side: 'outside' | 'inside'): string[] =>
  list
    .split(',')
    .map((entry) => entry.trim().replace(/^type\s+/, ''))
    .filter((entry) => entry !== '')
    .map((entry) => entry.split(/\s+as\s+/).at(side === 'outside' ? -1 : 0)!);

/** The names that the `index.ts` of a library offers. */
const offered = (index: string): string[] => [
  ...[...index.matchAll(LIST)]
    .filter(([all]) => all.startsWith('export'))
    .flatMap(([, list]) => namesIn(list!, 'outside')),
  ...[...index.matchAll(DECLARED)].map(([, name]) => name!),
];

/** The names that a file takes from a library. */
const taken = (text: string, library: string): string[] =>
  [...text.matchAll(LIST)]
    .filter(([, , from]) => from === `#${library}` || from!.endsWith(`libs/${library}/index.js`))
    .flatMap(([, list]) => namesIn(list!, 'inside'));

/** What a library offers and no file of `others` takes. */
function unused(library: string, index: string, others: readonly string[]): string[] {
  const used = new Set(others.flatMap((text) => taken(text, library)));
  return offered(index).filter((name) => !used.has(name));
}

const files = ['apps', 'libs', 'test', 'bench', 'scripts', 'examples']
  .flatMap(filesUnder)
  .filter((path) => /\.m?tsx?$|\.mjs$/.test(path));
const libraries = files.flatMap((path) => /^libs\/([^/]+)\/index\.ts$/.exec(path)?.[1] ?? []);

describe('what a library exports', () => {
  it.each(libraries.filter((library) => !OFFERED_TO_OTHERS.has(library)))(
    'every name that libs/%s exports has a user outside of it',
    (library) => {
      const others = files.filter((path) => !path.startsWith(`libs/${library}/`)).map(read);
      expect(unused(library, read(`libs/${library}/index.ts`), others)).toEqual([]);
    },
  );

  it('a name without a user outside of its library is found, whether it is a value or a type', () => {
    const index = "export { type Key, Keys, keyErrors as errors } from './keys.js';\nexport const LIMIT = 5;";
    const user = "import { Keys } from '#keys';\nimport { LIMIT } from '../libs/other/index.js';";
    expect(unused('keys', index, [user])).toEqual(['Key', 'errors', 'LIMIT']);
    expect(unused('keys', index, [user, "import { type Key, LIMIT, errors as of } from '#keys';"])).toEqual([]);
  });
});
