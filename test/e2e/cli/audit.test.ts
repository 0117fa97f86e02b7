import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run } from '../../../apps/cli/src/program.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import {
  type Shape,
  type TestServer,
  type TestTenant,
  TEST_MASTER_KEY,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'chancery-audit-'));
let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  tenant = await createTenant(server);
});
afterAll(async () => {
  await server.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function chancery(...parameters: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (text: string): void => void (output += text);
  const environment = {
    DATABASE_URL: database.url,
    CHANCERY_DATABASE_TLS: 'off',
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    CHANCERY_CHECKPOINT_FILE: join(folder, 'checkpoints.ndjson'),
  };
  return { code: await run(parameters, { environment, write, fail: write }), output };
}

describe('chancery audit', () => {
  it('chancery audit exports the history of a tenant and of the installation, and verifies what it wrote', async () => {
    for (const [name, ...whose] of [['tenant', '--tenant', tenant.id], ['installation']] as const) {
      const out = join(folder, name);
      const exported = await chancery('audit', 'export', '--out', out, ...whose);
      expect(exported).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+ events of \S+ are in /) });
      expect([out, `${out}.checkpoint`].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
      const [origin] = readFileSync(`${out}.checkpoint`, 'utf8').split('\n');
      const { body } = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin!)}`);
      const keys = (body['keys'] as unknown as Shape[]).flatMap(({ verifierKey }) => ['--key', verifierKey!]);
      const verifying = ['audit', 'verify', '--export', out, '--checkpoint', `${out}.checkpoint`, ...keys];
      expect(await chancery(...verifying)).toMatchObject({ code: 0, output: expect.stringContaining(origin!) });
      writeFileSync(out, readFileSync(out, 'utf8').replace('"outcome":"success"', '"outcome":"failed"'));
      expect(await chancery(...verifying)).toMatchObject({
        code: 2,
        output: expect.stringContaining('DIFFERENT line 2'),
      });
    }
  });

  it('chancery keys rotate-log-keys is seen by the doctor and a running server; each of the keys verifies an export', async () => {
    const before = await server.get('/v1/history/keys');
    // The clock of the test server is months behind that of the host, which only a database server tells.
    await chancery('scheduler', 'confirm');
    const rotated = await chancery('keys', 'rotate-log-keys');
    expect(rotated).toMatchObject({ code: 0, output: expect.stringContaining('Key 2 signs every checkpoint') });
    const { body } = await server.get('/v1/history/keys');
    const known = (list: object): string[] => (list as unknown as Shape[]).map(({ verifierKey }) => verifierKey!);
    const [earlier, all] = [known(before.body['keys']!), known(body['keys']!)];
    expect(all.slice(0, 2)).toEqual(earlier);
    const doctor = await chancery('doctor');
    // Without the name and the id, in which is the host: the command line has no other public URL than the default.
    const publicKeys = all.map((key) => key.split('+').slice(2).join('+'));
    for (const { output } of [rotated, doctor]) {
      expect(publicKeys.map((publicKey) => output.includes(publicKey))).toEqual([true, true, true, true]);
    }
    expect(doctor.output).toMatch(/verifier key of the installation's own \(key 1, signs until \d{4}-/);
    const out = join(folder, 'rotated');
    await chancery('audit', 'export', '--out', out, '--tenant', tenant.id);
    const [origin] = readFileSync(`${out}.checkpoint`, 'utf8').split('\n');
    const answer = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin!)}`);
    for (const key of known(answer.body['keys']!)) {
      expect(await chancery('audit', 'verify', '--export', out, '--key', key)).toMatchObject({ code: 0 });
    }
  });

  it('chancery keys compromise-log-key ends a key immediately, which the doctor says and a new export does without', async () => {
    expect((await chancery('keys', 'compromise-log-key', 'x')).code).toBe(1);
    const ended = await chancery('keys', 'compromise-log-key', '1');
    expect(ended).toMatchObject({ code: 0, output: expect.stringContaining('COMPROMISED since') });
    expect((await chancery('doctor')).output).toMatch(/warning.*\(key 1, COMPROMISED since/i);
    const out = join(folder, 'compromised');
    await chancery('audit', 'export', '--out', out, '--tenant', tenant.id);
    const [origin] = readFileSync(`${out}.checkpoint`, 'utf8').split('\n');
    const { body } = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin!)}`);
    for (const { verifierKey, compromisedAt } of body['keys'] as unknown as Shape[]) {
      const { code } = await chancery('audit', 'verify', '--export', out, '--key', verifierKey!);
      expect(code).toBe(compromisedAt === null ? 0 : 2);
    }
  });

  it('chancery audit exports as CSV, and rejects what is no format, instant or tenant', async () => {
    const out = join(folder, 'csv');
    expect(await chancery('audit', 'export', '--out', out, '--tenant', tenant.id, '--format', 'csv')).toMatchObject({
      code: 0,
    });
    expect(readFileSync(out, 'utf8')).toMatch(/^"sequence",/);
    for (const wrong of ['--format=xml', '--from=yesterday', '--tenant=acme']) {
      const answer = await chancery('audit', 'export', '--out', out, wrong);
      expect(answer).toMatchObject({ code: 1, output: expect.stringContaining(wrong.slice(0, wrong.indexOf('='))) });
    }
  });
});
