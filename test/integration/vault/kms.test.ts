import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { MINUTE, Secret } from '#core';
import { openKms } from '#vault';

import { createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { type KeyService, awsEnvironment, awsKms, googleKms, transitEngine } from '../../support/key-services.js';
import { PASSWORD, createTenant, startTestServer } from '../../support/server.js';

const CONTEXT = Buffer.from('data-key:one:1');
const DATA_KEY = randomBytes(32);
const TOKEN = 's.transit';
let folder: string;
let transit: KeyService;
let aws: KeyService;
let google: Awaited<ReturnType<typeof googleKms>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-kms-'));
  [transit, aws, google] = await Promise.all([transitEngine(TOKEN), awsKms(), googleKms(folder)]);
});
afterEach(() => {
  transit.fail = false;
  for (const service of [transit, google]) service.refusal = undefined;
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await Promise.all([transit.close(), aws.close(), google.close()]);
  rmSync(folder, { recursive: true });
});

describe('a master key of a key management service', () => {
  it('a master key is unavailable, and not wrong, while its service answers 503, is gone or denies access', async () => {
    const uri = transit.createKey();
    const key = await openKms(uri, { transitToken: new Secret(TOKEN) });
    const wrapped = await key.wrap(DATA_KEY, CONTEXT);
    transit.fail = true;
    await expect(key.unwrap(wrapped, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    await expect(key.wrap(DATA_KEY, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    transit.fail = false;
    expect(await key.unwrap(wrapped, CONTEXT)).toEqual(DATA_KEY);
    const others = [
      await openKms(uri, { transitToken: new Secret('s.other') }),
      await openKms(uri, { transitToken: new Secret(TOKEN), endpoint: 'http://127.0.0.1:9' }),
      await openKms(uri.replace(/[^/]+$/, 'absent'), { transitToken: new Secret(TOKEN) }),
    ];
    for (const other of others) {
      await expect(other.unwrap(wrapped, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
      // What the service said is for the log, not for callers.
      await expect(other.unwrap(wrapped, CONTEXT)).rejects.toThrow(/^The key management service with the master key/);
    }
  });

  it('a master key of AWS KMS is unavailable for a server with another secret', async () => {
    for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    const key = await openKms(aws.createKey(), aws);
    await expect(key.wrap(DATA_KEY, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
  });

  it('a master key is unavailable, and not wrong, while its service answers 400 for another reason than the bytes', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsFile);
    const keys = [
      [google, await openKms(google.createKey(), google), { error: { code: 400, status: 'FAILED_PRECONDITION' } }],
      [transit, await openKms(transit.createKey(), { transitToken: new Secret(TOKEN) }), { errors: ['key not found'] }],
    ] as const;
    for (const [service, key, answer] of keys) {
      const wrapped = await key.wrap(DATA_KEY, CONTEXT);
      service.refusal = [400, answer];
      await expect(key.unwrap(wrapped, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
      service.refusal = undefined;
      await expect(key.unwrap(wrapped, Buffer.from('other'))).rejects.toThrow(withCode('SEALED'));
    }
  });

  it('a data key that the service returns altered is not used', async () => {
    const key = await openKms(transit.createKey(), { transitToken: new Secret(TOKEN) });
    vi.spyOn(globalThis, 'fetch').mockImplementationOnce(async () =>
      Response.json({ data: { ciphertext: 'vault:v1:AAAA' } }),
    );
    await expect(key.wrap(DATA_KEY, CONTEXT)).rejects.toThrow(withCode('SEALED'));
  });

  it('an answer of the transit engine that is too long is not read to its end', async () => {
    const key = await openKms(transit.createKey(), { transitToken: new Secret(TOKEN) });
    let chunks = 0;
    const pull = (stream: ReadableStreamDefaultController): void => {
      chunks += 1;
      stream.enqueue(new Uint8Array(1_024));
    };
    vi.spyOn(globalThis, 'fetch').mockImplementationOnce(async () => new Response(new ReadableStream({ pull })));
    await expect(key.wrap(DATA_KEY, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    expect(chunks).toBeLessThan(30);
  });

  it('a file that has no token, but what no header can have, is not shown by the error', async () => {
    const transitTokenFile = join(folder, 'two lines');
    writeFileSync(transitTokenFile, `${TOKEN}\nmore\n`);
    const key = await openKms(transit.createKey(), { transitTokenFile });
    const shown = await key.wrap(DATA_KEY, CONTEXT).catch((error: unknown) => inspect(error, { depth: 9 }));
    expect(shown).toContain('two lines has no token');
    expect(shown).not.toContain(TOKEN);
  });

  it('a token for the transit engine is read from its file for each request', async () => {
    const transitTokenFile = join(folder, 'token');
    writeFileSync(transitTokenFile, 's.expired\n');
    const key = await openKms(transit.createKey(), { transitTokenFile });
    await expect(key.wrap(DATA_KEY, CONTEXT)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    writeFileSync(transitTokenFile, `${TOKEN}\n`);
    expect(await key.unwrap(await key.wrap(DATA_KEY, CONTEXT), CONTEXT)).toEqual(DATA_KEY);
  });

  it('a server continues with the tenants that it opened while the service is away, and answers 503 for others', async () => {
    const database = await createMigratedDatabase();
    const environment = {
      CHANCERY_MASTER_KEY: '',
      CHANCERY_KMS_KEY: transit.createKey(),
      CHANCERY_TRANSIT_TOKEN: TOKEN,
    };
    const first = await startTestServer({ database, environment });
    const [known, other] = [await createTenant(first), await createTenant(first)];
    await first.close();

    const server = await startTestServer({ database, environment });
    const service = { name: 'billing', profiles: ['*'] };
    const token = await server.login(known.owner.email, PASSWORD);
    // A sign-in would open the tenant: it is an event of its history, whose personal fields are sealed.
    const { token: otherToken } = other.owner;
    expect((await server.post(`${known.path}/services`, service, { token })).status).toBe(201);
    transit.fail = true;
    // The data keys of a tenant are read again each minute.
    await server.setTime(server.clock.now() + 2 * MINUTE);
    expect((await server.post(`${known.path}/services`, { ...service, name: 'other' }, { token })).status).toBe(201);
    const refused = await server.post(`${other.path}/services`, service, { token: otherToken });
    expect(refused).toMatchObject({ status: 503, body: { code: 'MASTER_KEY_UNAVAILABLE' } });
    expect(JSON.stringify(refused.body)).not.toContain('127.0.0.1');
    await expect(startTestServer({ database, environment })).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    transit.fail = false;
    expect((await server.post(`${other.path}/services`, service, { token: otherToken })).status).toBe(201);
    await server.close();
    await database.drop();
  });
});
