import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { read } from './project-files.js';

const ROOT = join(import.meta.dirname, '../..');
const { version, bin, dependencies } = JSON.parse(read('package.json')) as {
  readonly version: string;
  readonly bin: { readonly chancery: string };
  readonly dependencies: Readonly<Record<string, string>>;
};

/** `npm sbom` came with npm 10.2: an older one would have to fetch a later one, which takes a registry. */
const [major = 0, minor = 0] = execFileSync('npm', ['--version'], { encoding: 'utf8' }).split('.').map(Number);
const canList = major > 10 || (major === 10 && minor >= 2);

interface Packed {
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string }[];
}

describe('the package of a release', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-release-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let first: Packed;

  /** What is built already, as a file in a folder of its own. */
  function pack(name: string): Packed {
    const destination = join(folder, name);
    mkdirSync(destination);
    const options = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
    const output = execFileSync('npm', options, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return (JSON.parse(output) as [Packed])[0];
  }

  beforeAll(() => {
    first = pack('first');
  });

  it('the package of a release is the same, byte by byte, where it is packed again', () => {
    expect(pack('second').integrity).toBe(first.integrity);
  });

  it('the package of a release has what runs, and neither sources nor tests', () => {
    const paths = first.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([bin.chancery, 'LICENSE', 'package.json']));
    expect(paths.filter((path) => /\.tsx?$|\.map$|\.(spec|test)\.|^test\//.test(path))).toEqual([]);
  });

  it('the package of a release runs beside what it depends on', () => {
    execFileSync('tar', ['-xzf', join(folder, 'first', first.filename), '-C', folder]);
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const program = join(folder, 'package', bin.chancery);
    const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8', cwd: folder });
    expect(help).toContain('doctor');
  });

  const whyNot = canList ? '' : ' (only with npm 10.2 or later)';
  it.runIf(canList)(
    `the list of what ships is the same in each run, and names the licence of every package${whyNot}`,
    () => {
      const lists = ['one', 'another'].map((name) => {
        execFileSync(process.execPath, [join(ROOT, 'scripts/sbom.mjs'), join(folder, name)], { stdio: 'ignore' });
        return readFileSync(join(folder, name, 'sbom.cdx.json'), 'utf8');
      });
      expect(lists[1]).toBe(lists[0]);
      const { bomFormat, metadata, components } = JSON.parse(lists[0]!) as {
        bomFormat: string;
        metadata: { component: { name: string; version: string } };
        components: { name: string; version: string }[];
      };
      expect([bomFormat, metadata.component]).toEqual([
        'CycloneDX',
        expect.objectContaining({ name: 'chancery', version }),
      ]);
      const listed = components.map(({ name, version: of }) => `${name}@${of}`);
      expect(listed).toEqual(expect.arrayContaining(Object.entries(dependencies).map((one) => one.join('@'))));
      const licences = readFileSync(join(folder, 'one', 'licences.txt'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(licences.filter((line) => !/^pkg:npm\/\S+ \S/.test(line))).toEqual([]);
      expect(licences).toHaveLength(components.length);
    },
  );
});
