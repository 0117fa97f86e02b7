import { describe, expect, it } from 'vitest';
import { exists, filesUnder, read } from './project-files.js';

const MAXIMUM_LINES = 500;

/** One rule of style: in which files, what may not stand there, and a sample that shows that the rule bites. */
interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly forbids: RegExp;
  /** Comments are read too; otherwise only code is, so that a comment may explain what the code must not do. */
  readonly inComments?: true;
  readonly bad: readonly [path: string, line: string];
  readonly good: readonly [path: string, line: string];
}

const everywhere = (): boolean => true;
const product = (path: string): boolean => /^(apps|libs)\//.test(path);
const isTest = (path: string): boolean => /\.(spec|test)\.ts$/.test(path);
const isMain = (path: string): boolean => /^apps\/[^/]+\/src\/main\.ts$/.test(path);

const RULES: readonly Rule[] = [
  {
    name: 'time comes from the clock',
    applies: (path) => product(path) && !/^libs\/core\/clock(\.spec)?\.ts$/.test(path),
    forbids: /\bnew Date\(|\bDate\.now\(/,
    bad: ['libs/keys/rotation.ts', 'const now = Date.now();'],
    good: ['libs/core/clock.ts', 'now: () => Date.now()'],
  },
  {
    name: 'the environment is read once, in main.ts',
    applies: (path) => product(path) && !isMain(path),
    forbids: /\bprocess\.env\b/,
    bad: ['libs/vault/provider.ts', 'const key = process.env.CHANCERY_MASTER_KEY;'],
    good: ['apps/server/src/main.ts', 'const config = readConfig(process.env);'],
  },
  {
    name: 'no any',
    applies: everywhere,
    forbids: /:\s*any\b(?!['"`])|\bas any\b|<any\b|\bany\[\]/,
    bad: ['libs/keys/keys.ts', 'const row: any = find();'],
    good: ['libs/keys/keys.ts', 'const row: unknown = find(); // as any other'],
  },
  {
    name: 'no checker is silenced',
    applies: everywhere,
    forbids: /@ts-ignore|@ts-nocheck|eslint-disable|oxlint-disable/,
    inComments: true,
    bad: ['libs/keys/keys.ts', '// @ts-ignore'],
    good: ['libs/keys/keys.ts', '// The library ignores case here.'],
  },
  {
    name: 'nothing is left for later',
    applies: everywhere,
    forbids: /\b(TODO|FIXME)\b/,
    inComments: true,
    bad: ['libs/keys/keys.ts', '// TODO: check the size'],
    good: ['libs/keys/keys.ts', '// The size was checked by the import.'],
  },
  {
    name: 'no test is singled out or left out',
    applies: isTest,
    forbids: /\.(only|skip|todo)\(/,
    bad: ['libs/keys/keys.spec.ts', "it.skip('signs', () => {});"],
    good: ['libs/keys/keys.spec.ts', "it('signs', () => {});"],
  },
  {
    name: 'a test waits for half a minute or more for what has to come',
    applies: isTest,
    forbids: /\btimeout: ([12]?\d_\d{3}|\d{1,4})\b(?! \*)/,
    bad: ['test/e2e/server/redis.test.ts', 'await expect.poll(answers, { timeout: 10_000 }).toBe(true);'],
    good: ['test/e2e/server/redis.test.ts', 'await expect.poll(answers, { timeout: 60_000 }).toBe(true);'],
  },
  {
    name: 'an entry point names what it offers',
    applies: everywhere,
    forbids: /\bexport \*/,
    bad: ['libs/keys/index.ts', "export * from './keys.js';"],
    good: ['libs/keys/index.ts', "export { Keys } from './keys.js';"],
  },
  {
    name: 'the server speaks through its log',
    applies: (path) => /^(libs|apps\/server)\//.test(path) && !isMain(path),
    forbids: /\bconsole\./,
    bad: ['apps/server/src/server.module.ts', "console.log('ready');"],
    good: ['apps/cli/src/main.ts', 'console.log(report);'],
  },
  {
    name: 'expensive computations start in the queue',
    applies: (path) => product(path) && !/^libs\/(asn1|crypto|pki)\//.test(path) && !isTest(path),
    forbids:
      /\balgorithm\([^)]*\)\.(sign|generate)\(|\b(generateKeyPair|generateKeyPairSync|createSign|pbkdf2|scrypt|argon2)\b/,
    bad: ['libs/keys/keys.service.ts', 'const { signingKey } = await algorithm(name).generate();'],
    good: ['libs/keys/keys.service.ts', 'const { signingKey } = await this.cpu.generate(tenantId, name);'],
  },
  {
    name: 'keys are compared by isSameKey',
    applies: (path) => product(path) && !isTest(path) && path !== 'libs/crypto/algorithm.ts',
    forbids: /[kK]ey(\([^)]*\)|FromJwk\([^)]*\)|Of\([^)]*\))?\.equals\(/,
    bad: ['libs/signing/profiles.ts', 'if (keyFromJwk(jwk).equals(verifyingKey)) return;'],
    good: ['libs/signing/profiles.ts', 'if (publicKeyToBytes(key).equals(bytes) || isSameKey(key, other)) return;'],
  },
  {
    name: 'libraries know no HTTP',
    // The adapter of the SDK to Nest is for applications of others, and answers their requests.
    applies: (path) => path.startsWith('libs/') && !path.startsWith('libs/sdk/nest/'),
    forbids: /\b(?!ErrnoException)[A-Z]\w*Exception\b|\bHttpStatus\b/,
    bad: ['libs/keys/keys.ts', 'throw new NotFoundException();'],
    good: ['libs/keys/keys.ts', 'throw keyErrors.NOT_FOUND();'],
  },
  {
    name: 'the schema changes by migrations only',
    applies: product,
    forbids: /\bsynchronize\b(?!:\s*false)/,
    bad: ['libs/database/database.ts', 'synchronize: true,'],
    good: ['libs/database/database.ts', 'synchronize: false,'],
  },
  {
    name: 'one door to data',
    applies: (path) => product(path) && !path.startsWith('libs/database/') && !path.includes('/migrations/'),
    forbids: /\bgetRepository\b|\bInjectRepository\b|\bRepository<|\bEntityManager\b|\bQueryRunner\b/,
    bad: ['libs/keys/keys.ts', 'const rows = source.getRepository(Key);'],
    good: ['libs/keys/keys.ts', 'const rows = await tx.find(Key, {});'],
  },
];

/** Blanks comments and keeps the lines. A `//` inside a string is rare enough to be left to the reader. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|\s)\/\/.*$/gm, '$1');

/** Where a file breaks a rule: `path:line`. */
function breaches(rule: Rule, path: string, text: string): string[] {
  if (!rule.applies(path)) return [];
  const lines = (rule.inComments ? text : withoutComments(text)).split('\n');
  return lines.flatMap((line, index) => (rule.forbids.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
}

// This folder holds the samples that the rules must catch.
const files = ['apps', 'libs', 'test', 'bench']
  .flatMap(filesUnder)
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('test/architecture/'))
  .map((path) => ({ path, text: read(path) }));
const libraries = [...new Set(files.flatMap(({ path }) => /^libs\/[^/]+/.exec(path) ?? []))];

describe('style', () => {
  it('the rules of style are checked on real files', () => {
    expect(files.map(({ path }) => path)).toContain('libs/core/clock.ts');
  });

  it.each(RULES)('the rule of style holds: $name', (rule) => {
    expect(files.flatMap(({ path, text }) => breaches(rule, path, text))).toEqual([]);
  });

  it.each(RULES)('the rule of style finds its bad sample and not its good one: $name', (rule) => {
    expect(breaches(rule, ...rule.bad)).toHaveLength(1);
    expect(breaches(rule, ...rule.good)).toEqual([]);
  });
});

describe('files', () => {
  const VAGUE = /(^|[/.-])(utils?|helpers?|common)([/.-]|$)/;

  it('the names of files say what is inside', () => {
    expect(files.map(({ path }) => path).filter((path) => VAGUE.test(path))).toEqual([]);
    expect(
      ['libs/keys/utils.ts', 'libs/common/index.ts', 'libs/keys/date-helpers.ts'].every((path) => VAGUE.test(path)),
    ).toBe(true);
    expect(VAGUE.test('libs/core/commonplace.ts')).toBe(false);
  });

  it(`a file that people write has at most ${MAXIMUM_LINES} lines`, () => {
    const lineCount = (text: string): number => text.split('\n').length - 1;
    const long = files.filter(({ text }) => lineCount(text) > MAXIMUM_LINES).map(({ path }) => path);
    expect(long).toEqual(['libs/sdk/openapi.ts']);
    expect(read('libs/sdk/openapi.ts')).toMatch(/^\/\/ Made from the API document/);
  });

  it.each(libraries)('the library %s has an entry point and a README', (library) => {
    expect(['index.ts', 'README.md'].filter((name) => !exists(`${library}/${name}`))).toEqual([]);
  });
});

describe('words', () => {
  /**
   * Words that the field does not use, with what to write in their place. Most are words of texts: `\b` keeps names such
   * as `standsFor` out of it.
   */
  const WORDS: readonly (readonly [word: RegExp, instead: string])[] = [
    [/\bwho(so|m)?ever\b/i, 'the noun: a caller, a client, a person who'],
    [/\bnobody\b/i, 'no caller, no client, no user'],
    [/\bat once\b/i, 'immediately, together, at the same time'],
    [/\bfor ever\b(?!y)/i, 'permanently'],
    [/\bstands?\b/i, 'is, occurs, is listed, means'],
    [/\bbelieve[sd]?\b/i, 'accept, trust, verify'],
    [/\bvouch(es|ed)?\b/i, 'certify, confirm'],
    [/\bthe own\b/i, 'its own, the one of the caller'],
    [/\bbegets?\b/i, 'create'],
    [/rehears/i, 'dry run'],
    [/\bsettl(e|es|ed|ing)(?=\b|[A-Z])/, 'apply what is due'],
    [/judg/i, 'check, decide, verify; the verdict, the effective state'],
    [/\b(has|have) (a|no) voice\b/i, 'is accepted, is not accepted'],
    [/\bstandings?\b|Standing(?=\b|[A-Z])|\bstanding(?=[A-Z])/i, 'the status'],
    [/\b(dies?|dying|dead)\b/i, 'end, expire, crash'],
    [/\bfor good\b(?! and)/i, 'permanently'],
    [/\bin vain\b/i, 'without success'],
    [/\bat hand\b/i, 'available'],
    [/\bfront[- ]doors?\b/i, 'the entry point, `index.ts`'],
    [/\b(lend(s|ing)?|lent)\b/i, 'give, provide'],
    [/upkeep/i, 'expiry, removal'],
    [/\bbears? (it|its|the|a)\b/i, 'has'],
    [/\b(is|be) thought of\b/i, 'the verdict'],
    [/\b(is|are|be) let in\b/i, 'is accepted'],
    [/\blet(s|ting)? go of\b/i, 'close, release'],
    [/\b(takes?|taken|taking) along\b/i, 'also revoke, include'],
    [/\b(goes|go|going|gone|went) on\b/i, 'continue'],
    [/\bone after the other\b/i, 'one by one'],
    [/\bin the place of\b/i, 'instead of'],
    [/\b(gives?|given|gave|giving) out\b/i, 'return, publish'],
    [/\bfor so (long|many)\b/i, 'how long, for this long'],
    [/\bspelt out\b/i, 'explicit'],
    [/\bis to be had\b/i, 'is available'],
  ];

  /** What people read: comments, errors, events and the API document in the code, and every page. */
  const texts = ['apps', 'libs', 'docs', 'examples', 'scripts', 'bench']
    .flatMap(filesUnder)
    .filter((path) => /\.(tsx?|mjs|md|conf)$/.test(path) && !isTest(path))
    .concat('README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md')
    // The page that lists the words.
    .filter((path) => path !== 'docs/glossary.md')
    .map((path) => ({ path, text: read(path) }));

  const found = (path: string, text: string): string[] =>
    text
      .split('\n')
      .flatMap((line, index) =>
        WORDS.filter(([word]) => word.test(line)).map(
          ([word, instead]) => `${path}:${index + 1}: ${word.exec(line)![0]} -> ${instead}`,
        ),
      );

  it('comments, errors, events, the API document and the pages use the words of the field', () => {
    expect(texts.map(({ path }) => path)).toEqual(expect.arrayContaining(['libs/keys/errors.ts', 'docs/errors.md']));
    expect(texts.flatMap(({ path, text }) => found(path, text))).toEqual([]);
  });

  it.each([
    ['// Whoever has the token is believed at once.', 3],
    ["REVOKED: { kind: 'gone', title: 'Nobody may use it, for ever' },", 2],
    ['/** `*` stands for all; the own key has no voice. */', 3],
    ['// The request is judged by its signature; csr-judgement.ts', 1],
    ['async function settleVersions(tx: Tx): Promise<KeyRehearsal>', 2],
    ['What is thought of it: who is let in, what it takes along, and when it lets go of the lock.', 4],
    ['// The holder of the token is accepted immediately.', 0],
    ['const { keyStanding } = await standingOf(view, tenantId);', 1],
    ['// The token dies after an hour; what it bears its name by is gone for good.', 3],
    ['The front door lends a connection, in vain where none is at hand; see upkeep.service.ts.', 5],
    ['const { keyStatus } = await keyStatusOf(view, tenantId); // A deadlock is tried again.', 0],
    ['The same for every connection, at one instant.', 0],
    ['For so long the server goes on: one after the other, in the place of what it gives out.', 5],
    ['A curve that is spelt out is to be had nowhere.', 2],
    ['The server continues to return pages, one by one.', 0],
  ])('words that the field does not use are found in %j', (text, count) => {
    expect(found('sample', text)).toHaveLength(count);
  });

  const TITLE = /(?:\b(?:it|test|describe)|[\])])\(\s*(['"`])((?:(?!\1)[^\n])+)\1/g;
  const titles = (text: string): string => [...text.matchAll(TITLE)].map(([, , title]) => title).join('\n');

  it('names of tests use the words of the field', () => {
    const names = files.filter(({ path }) => isTest(path)).map(({ path, text }) => ({ path, text: titles(text) }));
    expect(names.map(({ text }) => text).join('\n')).toContain('a manual clock');
    expect(names.flatMap(({ path, text }) => found(path, text))).toEqual([]);
  });

  it.each([
    ["it('a token is shown to nobody', () => {", 1],
    ["it.each([\n  ['nobody'],\n])('a %s stands for itself', () => {", 1],
    ["const nobody = await ask('nobody');", 0],
  ])('names of tests with words that the field does not use are found in %j', (text, count) => {
    expect(found('sample', titles(text))).toHaveLength(count);
  });

  it('each word that is replaced has its row in the glossary, and each place that the glossary names exists', () => {
    const glossary = read('docs/glossary.md');
    const places = [...glossary.matchAll(/`(libs\/[^`]+)`/g)].map(([, path]) => path!);
    expect(places.length).toBeGreaterThan(20);
    expect(places.filter((path) => !exists(path))).toEqual([]);
    for (const [, instead] of WORDS) expect(glossary).toMatch(new RegExp(`\\| ${instead} +\\|`));
  });
});

describe('names of tests', () => {
  /** Words that continue a sentence: a name that begins with one is understood only under its `describe`. */
  const CONTINUATIONS =
    'is|are|was|were|has|have|does|do|can|cannot|may|must|should|would|that|which|whose|and|or|nor|never|not|refuses|' +
    'rejects|accepts|gives|takes|says|keeps|holds|makes|lets|gets|shows|reads|writes|counts|answers|stays|ends|begins|' +
    'belongs|goes|comes|leaves|finds|needs|asks|stops|tells|opens|knows|works|returns|throws';
  const FRAGMENT = new RegExp(`(?:\\bit|\\btest|[\\])])\\(\\s*['"\`]((?:${CONTINUATIONS})\\b[^\\n]*)`, 'g');
  const fragments = (text: string): string[] => [...text.matchAll(FRAGMENT)].map(([, name]) => name!);

  it('the name of a test begins with what it is about', () => {
    const found = files
      .filter(({ path }) => isTest(path))
      .flatMap(({ path, text }) => fragments(text).map((name) => `${path}: ${name}`));
    expect(found).toEqual([]);
  });

  it.each([
    ["it('is rejected', () => {", 1],
    ["it.each([\n  [1],\n])('is rejected as %i', () => {", 1],
    ["it(\n  'never signs',\n  { timeout: 1 },", 1],
    ["it('a retired key never signs', () => {", 0],
    ["it('island keys sign', () => {", 0],
    ["expect(text).toBe('is rejected');", 0],
  ])('names that only continue a sentence are found in %j', (text, count) => {
    expect(fragments(text)).toHaveLength(count);
  });
});
