// `npm run corpora`: reads the files of other projects' test suites and counts what is accepted and refused rightly.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Corpus, count } from './corpus.ts';
import { exceptions } from './exceptions.ts';
import { jsonWebSignatures } from './jose.ts';
import { keyStores, privateKeys } from './keys.ts';
import { goModule, pypi } from './sources.ts';
import { authorities, requests } from './x509.ts';

const cryptographyVectors = () => pypi('cryptography-vectors', '50.0.2');

const corpora: readonly Corpus[] = [
  { name: 'private keys of cryptography-vectors', fetch: cryptographyVectors, cases: privateKeys },
  { name: 'PKCS#12 of cryptography-vectors', fetch: cryptographyVectors, cases: keyStores },
  { name: 'requests of cryptography-vectors', fetch: cryptographyVectors, cases: requests },
  { name: 'authorities of cryptography-vectors', fetch: cryptographyVectors, cases: authorities },
  {
    name: 'authorities of zlint',
    fetch: () => goModule('github.com/zmap/zlint/v3', 'v3.7.3'),
    cases: (folder) => authorities(join(folder, 'testdata')),
  },
  {
    name: 'JOSE of Wycheproof',
    fetch: () => goModule('github.com/C2SP/wycheproof', 'v0.0.0-20250901140545-b51abcfb8daf'),
    cases: jsonWebSignatures,
  },
];

interface Figures {
  readonly accepted: number;
  readonly refused: number;
}

const FIGURES = join(import.meta.dirname, 'figures.json');
const known = JSON.parse(readFileSync(FIGURES, 'utf8')) as Readonly<Record<string, Figures>>;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const found: Record<string, Figures> = {};
let [passed, failed, skipped] = [0, 0, 0];
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
for (const { name, fetch, cases } of corpora.filter((corpus) => corpus.name.includes(only ?? ''))) {
  const folder = fetch();
  if (folder === undefined) {
    say(`${name}: skipped, no registry gives it here`);
    skipped += 1;
    continue;
  }
  const list = exceptions.filter(({ corpus }) => corpus === name);
  const { accepted, refused, excepted, wrong, idle } = await count(cases(folder), list);
  say(`${name}: ${accepted} rightly accepted, ${refused} rightly refused, ${excepted} excepted, ${wrong.length} wrong`);
  for (const { name: file, expected, detail } of wrong) say(`  WRONG ${file}: ${expected} was expected; ${detail}`);
  for (const { reason } of idle) say(`  IDLE exception: ${reason}`);
  found[name] = { accepted, refused };
  const before = known[name] ?? { accepted: 0, refused: 0 };
  const isWorse = accepted < before.accepted || refused < before.refused;
  if (isWorse) say(`  WORSE: ${before.accepted} were rightly accepted and ${before.refused} rightly refused before`);
  if (wrong.length + idle.length > 0 || isWorse) failed += 1;
  else passed += 1;
}
if (process.argv.includes('--record')) writeFileSync(FIGURES, `${JSON.stringify({ ...known, ...found }, null, 2)}\n`);
say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
