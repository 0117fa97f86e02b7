// `npm run linters`: pkilint, zlint and Java's keytool over everything that this product signs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Output, faulty, outputs } from './outputs.ts';
import { goProgram, output, pythonPackage } from './sources.ts';

interface Linter {
  readonly name: string;
  /** Where the program is; `undefined` where it cannot be had. */
  find(): string | undefined;
  readonly reads: readonly Output['kind'][];
  /** What it must object to, so that silence means something. */
  readonly control: 'reversed' | 'cut';
  /** What it objects to. */
  objections(program: string, file: string, kind: Output['kind']): readonly string[];
}

const PKILINT = { certificate: 'lint_pkix_cert', crl: 'lint_crl', ocsp: 'lint_ocsp_response' } as const;
/** The standards that bind every authority; those of the CA/Browser Forum bind public ones. */
const ZLINT_SOURCES = 'RFC3279,RFC5280,RFC5480,RFC5891,RFC6962,RFC8813,Community';

const linters: readonly Linter[] = [
  {
    name: 'pkilint',
    find: () => pythonPackage('pkilint', '0.13.3'),
    reads: ['certificate', 'crl', 'ocsp'],
    control: 'reversed',
    objections(program, file, kind) {
      const options = kind === 'crl' ? ['-t', 'CRL', '-p', 'PKIX'] : [];
      const args = ['lint', '-s', 'NOTICE', ...options, '-f', 'JSON', '--document-format', 'DER', file];
      const text = output(join(program, 'bin', PKILINT[kind]), args, undefined, true);
      if (text === undefined) return ['pkilint gave no answer'];
      const { results } = JSON.parse(text) as {
        results: { finding_descriptions: { severity: string; code: string }[] }[];
      };
      return results.flatMap((result) =>
        result.finding_descriptions.map(({ severity, code }) => `${severity} ${code}`),
      );
    },
  },
  {
    name: 'zlint',
    find: () => goProgram('github.com/zmap/zlint/v3/cmd/zlint', 'v3.7.3'),
    reads: ['certificate'],
    control: 'reversed',
    objections(program, file) {
      const text = output(program, ['-format', 'der', '-includeSources', ZLINT_SOURCES, file]);
      if (text === undefined) return ['zlint gave no answer'];
      const results = JSON.parse(text) as Record<string, { result: string }>;
      return Object.entries(results)
        .filter(([, { result }]) => ['warn', 'error', 'fatal'].includes(result))
        .map(([lint, { result }]) => `${result} ${lint}`);
    },
  },
  {
    name: 'keytool of Java',
    find: () => (output('keytool', ['-help']) === undefined ? undefined : 'keytool'),
    reads: ['certificate', 'crl'],
    control: 'cut',
    objections(program, file, kind) {
      const text = output(program, [kind === 'crl' ? '-printcrl' : '-printcert', '-file', file]);
      return text === undefined ? ['keytool does not read it'] : [];
    },
  },
];

const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
let [passed, failed, skipped] = [0, 0, 0];
try {
  const path = (name: string): string => join(folder, name);
  const ocspRequest = (holder: Buffer, issuer: Buffer): Buffer => {
    writeFileSync(path('holder.der'), holder);
    writeFileSync(path('issuer.der'), issuer);
    const args = ['-issuer', path('issuer.der'), '-cert', path('holder.der'), '-reqout', path('request.der')];
    if (output('openssl', ['ocsp', ...args, '-no_nonce']) === undefined) throw new Error('openssl made no request');
    return readFileSync(path('request.der'));
  };
  const made: Output[] = [];
  for await (const one of outputs(Date.now(), ocspRequest)) made.push(one);
  const controls = await faulty(Date.now());
  for (const { name, der, kind } of [...made, ...Object.values(controls)]) writeFileSync(path(`${name}.${kind}`), der);
  for (const linter of linters) {
    const program = linter.find();
    if (program === undefined) {
      say(`${linter.name}: skipped, it cannot be installed here`);
      skipped += 1;
      continue;
    }
    const control = controls[linter.control];
    if (linter.objections(program, path(`${control.name}.${control.kind}`), control.kind).length === 0) {
      say(`${linter.name}: it objects to nothing, not even to what is ${control.name}`);
      failed += 1;
      continue;
    }
    const read = made.filter(({ kind }) => linter.reads.includes(kind));
    const found = read.flatMap(({ name, kind }) =>
      linter.objections(program, path(`${name}.${kind}`), kind).map((objection) => `${name}: ${objection}`),
    );
    say(`${linter.name}: ${read.length} outputs, ${found.length} findings`);
    for (const finding of found) say(`  ${finding}`);
    if (found.length > 0) failed += 1;
    else passed += 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
