import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';
import { systemClock } from '#core';

import { temporaryFolder } from '../../../scripts/memory-folder.mjs';
import { COMPILE_CACHE } from '../../support/compile-cache.js';
import { type TestDatabase, createTestDatabase, testServerUrl } from '../../support/database.js';
import { TEST_MASTER_KEY, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from '../signing/issuer.js';

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(ROOT, 'dist/apps/cli/src/main.js');
const SCRIPT = join(ROOT, 'deploy/backup/drill.sh');
const PATIENCE = { timeout: 180_000 };
/** Between two signatures: what signs without a pause only takes the processor from the drill, which then takes longer. */
const PAUSE_MILLISECONDS = 25;
const PUBLIC = { CHANCERY_PUBLIC_URL: 'https://keys.example.com' };

const folder = mkdtempSync(join(temporaryFolder(), 'chancery-drill-'));
const kept = join(folder, 'checkpoints.ndjson');
let source: TestDatabase;
let target: TestDatabase | undefined;
let server: TestServer;
let issuer: TestIssuer;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepare.mjs'), 'test'], { cwd: ROOT, stdio: 'pipe' });
  // With a server also across, as from a trial to production.
  source = { url: `sqlite:${folder}/source/chancery.db`, drop: async () => undefined };
  if (testServerUrl !== undefined) target = await createTestDatabase();
  const environment = { CHANCERY_CHECKPOINT_FILE: kept, ...PUBLIC };
  server = await startTestServer({ clock: systemClock, database: source, environment });
  issuer = await createIssuer(server, await createTenant(server));
  await issuer.sign();
  await publish();
});
afterAll(async () => {
  await server.close();
  await target?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const publish = () => server.server.app.get(Checkpoints).publishDue();

function drill(environment: Readonly<Record<string, string>>): Promise<{ code: number; told: string }> {
  const env = {
    ...COMPILE_CACHE,
    PATH: process.env['PATH'],
    DATABASE_URL: source.url,
    CHANCERY_DATABASE_TLS: 'off',
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    CHANCERY_CHECKPOINT_FILE: kept,
    CHANCERY: `${process.execPath} ${CLI}`,
    ...PUBLIC,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile('bash', [SCRIPT], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code), told: output + errors });
    });
  });
}

describe('the drill of a restoration', () => {
  it(
    'a drill backs up under load, restores and verifies each history against what was kept outside, and ends with an error where that is another',
    PATIENCE,
    async () => {
      const over = new AbortController();
      let signed = 0;
      const load = (async () => {
        for (; !over.signal.aborted; signed += 1) {
          await issuer.sign();
          await publish();
          await delay(PAUSE_MILLISECONDS);
        }
      })();
      // As a crash leaves it, or a copy that is made while a line is written.
      appendFileSync(kept, `${readFileSync(kept, 'utf8').split('\n')[0]!.slice(0, 150)}\n`);
      const done = await drill(target === undefined ? {} : { TARGET_URL: target.url });
      over.abort();
      await load;
      expect(done).toEqual({ code: 0, told: expect.stringMatching(/^The backup can be used\.$/m) });
      expect(done.told.match(/They continue the checkpoint that was kept\./g)).toHaveLength(2);
      expect(signed).toBeGreaterThan(0);

      // As if the backup were of other events than those that were signed.
      const notes = readFileSync(kept, 'utf8').split('\n');
      const altered = join(folder, 'altered.ndjson');
      writeFileSync(altered, notes.map((note) => note.replace(/\\n(\d+)\\n..../, '\\n$1\\nAAAA')).join('\n'));
      const other = await drill({ CHANCERY_CHECKPOINT_FILE: altered });
      expect(other).toEqual({ code: 2, told: expect.stringContaining('DIFFERENT') });
      expect(other.told).not.toContain('can be used');
    },
  );
});
