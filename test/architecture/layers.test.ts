import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ICruiseResult, cruise } from 'dependency-cruiser';
import { afterAll, describe, expect, it } from 'vitest';
import { DEPENDENCY_OPTIONS, LAYERS, type Layers, dependencyRules } from '../../scripts/layers.mjs';
import { ROOT, exists, filesUnder, read } from './project-files.js';

/** What the dependency checker finds in a folder that is laid out like this one: `rule: from -> to`. */
async function violations(folder: string, roots: string[]): Promise<string[]> {
  const { output } = await cruise(
    roots,
    { ...DEPENDENCY_OPTIONS, baseDir: folder, validate: true, ruleSet: { forbidden: dependencyRules() } },
    DEPENDENCY_OPTIONS.enhancedResolveOptions ?? {},
  );
  return (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

/** Lines of a map of layers that no import of the product needs: `from -> to`. */
const unusedLines = (layers: Layers): string[] =>
  Object.entries(layers).flatMap(([name, imported]) => {
    const sources = filesUnder(`libs/${name}`).filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
    const text = sources.map(read).join('\n');
    return imported.filter((other) => !text.includes(`from '#${other}'`)).map((other) => `${name} -> ${other}`);
  });

describe('the map of layers', () => {
  it('the map of layers has a row for each library', () => {
    const libraries = new Set(filesUnder('libs').map((path) => path.split('/')[1]));
    expect([...libraries].filter((name) => !Object.hasOwn(LAYERS, name ?? ''))).toEqual([]);
  });

  it('the map of layers has no row without a library', () => {
    expect(Object.keys(LAYERS).filter((name) => !exists(`libs/${name}/index.ts`))).toEqual([]);
  });

  it('every line of the map of layers is used by an import', () => {
    expect(unusedLines(LAYERS)).toEqual([]);
  });

  it('a line of the map of layers that no import needs would be found', () => {
    expect(unusedLines({ ...LAYERS, core: ['signing'] })).toEqual(['core -> signing']);
  });
});

describe('the product', () => {
  it('the product keeps to the layers', async () => {
    expect(await violations(ROOT, ['apps', 'libs'].filter(exists))).toEqual([]);
  });
});

describe('the rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-layers-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A small project with this one's names, in which each file breaks one rule (or none). */
  const FILES: Readonly<Record<string, string>> = {
    'package.json': read('package.json'),
    'tsconfig.json': read('tsconfig.json'),
    'libs/core/index.ts': `export const ground = 1;`,
    'libs/core/upwards.ts': `import { door } from '#keys'; export const up = door;`,
    'libs/core/system.ts': `import { readFileSync } from 'node:fs'; export const system = readFileSync;`,
    'libs/crypto/index.ts': `import { Injectable } from '@nestjs/common'; export const pure = Injectable;`,
    'libs/database/index.ts': `import { DataSource } from 'typeorm'; import { ground } from '#core'; export const door = [DataSource, ground];`,
    'libs/database/to-app.ts': `import { app } from '../../apps/server/src/app.js'; export const up = app;`,
    'libs/keys/index.ts': `import { ground } from '#core'; export const door = ground;`,
    'libs/keys/inside.ts': `export const inside = 1;`,
    'libs/keys/key.entity.ts': `import { Entity } from 'typeorm'; export const entity = Entity;`,
    'apps/server/src/documented.ts': `import { ApiTags } from '@nestjs/swagger'; export const documented = ApiTags;`,
    'apps/server/src/when-asked.ts': `import type * as types from '@nestjs/swagger'; export const when = (): Promise<typeof types> => import('@nestjs/swagger');`,
    'libs/keys/raw.ts': `import type { DataSource } from 'typeorm'; export type Raw = DataSource;`,
    'libs/keys/repository.ts': `import { InjectRepository } from '@nestjs/typeorm'; export const raw = InjectRepository;`,
    'libs/keys/keys.module.ts': `import { TypeOrmModule } from '@nestjs/typeorm'; export const tables = TypeOrmModule;`,
    'libs/keys/one.ts': `import { two } from './two.js'; export const one = (): unknown => two;`,
    'libs/keys/two.ts': `import { one } from './one.js'; export const two = (): unknown => one;`,
    'libs/keys/bench.ts': `import autocannon from 'autocannon'; export const load = autocannon;`,
    'libs/keys/free.spec.ts': `import { deep } from '../signing/deep.js'; export const test = deep;`,
    'libs/signing/index.ts': `import { door } from '#keys'; import { nowhere } from './nowhere.js'; export const sign = [door, nowhere];`,
    'libs/signing/deep.ts': `import { inside } from '../keys/inside.js'; export const deep = inside;`,
    'libs/signing/relative.ts': `import { door } from '../keys/index.js'; export const relative = door;`,
    'libs/unheard-of/index.ts': `import { ground } from '#core'; export const unknown = ground;`,
    'apps/cli/src/command.ts': `import { app } from '../../server/src/app.js'; export const command = app;`,
    'apps/server/src/app.ts': `import { sign } from '#signing'; export const app = sign;`,
  };

  it('the rules of the layers report each way to break them, and nothing else', async () => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    const found = (await violations(folder, ['apps', 'libs'])).map((line) =>
      line.replace(/ -> .*node_modules\//, ' -> '),
    );
    expect([...new Set(found.map((line) => line.split(' -> ')[0]))].toSorted()).toEqual([
      'app-alone: apps/cli/src/command.ts',
      'core-alone: libs/core/system.ts',
      'core-alone: libs/core/upwards.ts',
      'document-when-asked: apps/server/src/documented.ts',
      'entry-point-by-name: libs/signing/relative.ts',
      'entry-point: libs/signing/deep.ts',
      'layer-core: libs/core/upwards.ts',
      'layer-database: libs/database/to-app.ts',
      'layer-unknown: libs/unheard-of/index.ts',
      'no-cycles: libs/keys/one.ts',
      'one-door-to-data: libs/keys/raw.ts',
      'one-door-to-repositories: libs/keys/repository.ts',
      'production-dependencies: libs/keys/bench.ts',
      'pure: libs/crypto/index.ts',
      'resolvable: libs/signing/index.ts',
    ]);
  });
});
