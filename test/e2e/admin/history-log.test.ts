import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';
import {
  type VerifierKey,
  leafHash,
  openCheckpoint,
  parseEntries,
  parseLogProof,
  parseNote,
  parseVerifierKey,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
} from '#transparency-log';

import {
  ADMIN,
  type Answer,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { putBack } from '../../../libs/audit/personal-fields.js';
import { signIn } from './people.js';

let server: TestServer;
let tenant: TestTenant;
let host: string;
let origin: string;
let keys: VerifierKey[];
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'acme');
  for (const name of ['one', 'two', 'three']) await server.post(`${tenant.path}/services`, { name }, tenant.owner);
  await server.server.app.get(Checkpoints).publishDue();
  ({ host } = new URL(server.url));
  origin = `${host}/${tenant.id}`;
  const answer = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`);
  keys = (answer.body['keys'] as unknown as Shape[]).map(({ verifierKey }) => parseVerifierKey(verifierKey!));
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  server.get(`${tenant.path}/${path}`, { ...tenant.owner, headers });

/** What cannot be read as text. */
async function bytes(path: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const authorization = { Authorization: `Bearer ${tenant.owner.token}`, ...headers };
  const answer = await fetch(`${server.url}${tenant.path}/${path}`, { headers: authorization });
  expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, 'application/octet-stream']);
  return Buffer.from(await answer.arrayBuffer());
}

const hash = (text: string): Buffer => Buffer.from(text, 'hex');

describe('the keys of the logs', () => {
  it('the keys of the logs are public, for each log under its own name', async () => {
    const own = await server.get('/v1/history/keys');
    expect(own).toMatchObject({ status: 200, body: { origin: `${host}/00000000-0000-0000-0000-000000000000` } });
    expect(keys.map(({ name, type }) => [name, type])).toEqual([
      [origin, 'ed25519'],
      [origin, 'mlDsa44'],
    ]);
    expect((await server.get('/v1/history/keys?origin=a%20b')).status).toBe(400);
  });

  it('a platform administrator rotates the keys of the logs with the password, once for an idempotency key', async () => {
    const path = '/v1/platform/history/keys/rotate';
    const admin = { token: await server.login() };
    expect(await server.post(path, { password: ADMIN.password }, tenant.owner)).toMatchObject({ status: 403 });
    expect(await server.post(path, {}, admin)).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    const once = { ...admin, headers: { 'Idempotency-Key': 'rotation' } };
    const rotated = await server.post(path, { password: ADMIN.password }, once);
    expect(rotated).toMatchObject({ status: 200, body: { origin: `${host}/00000000-0000-0000-0000-000000000000` } });
    expect((await server.post(path, { password: ADMIN.password }, once)).body).toEqual(rotated.body);
    expect((await server.get('/v1/history/keys')).body).toEqual(rotated.body);
    const known = rotated.body['keys'] as unknown as Shape[];
    expect(known.map(({ algorithm, until }) => [algorithm, until === null])).toEqual([
      ['Ed25519', false],
      ['ML-DSA-44', false],
      ['Ed25519', true],
      ['ML-DSA-44', true],
    ]);
    const [first, , latest] = known;
    expect(Date.parse(first!['until']!) - Date.parse(latest!['from']!)).toBe(365 * 86_400_000);
    // A person who knows the earlier keys alone verifies what is signed now.
    await server.post(`${tenant.path}/services`, { name: 'four' }, tenant.owner);
    await server.server.app.get(Checkpoints).publishDue();
    const { text } = await get('history/checkpoint');
    expect(parseNote(text).signatures).toHaveLength(4);
    expect(openCheckpoint(text, origin, keys).size).toBeGreaterThan(0);
  });
});

describe('the published history', () => {
  it('the published history is a checkpoint, its tiles and its entries, and they belong together', async () => {
    const checkpoint = await get('history/checkpoint');
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('no-store');
    expect((await get('audit-events/checkpoint')).text).toBe(checkpoint.text);
    for (const path of ['history/checkpoint', 'audit-events/checkpoint', 'audit-events/export']) {
      expect(await get(`${path}?cosigned=true`)).toMatchObject({ status: 404, body: { code: 'NO_WITNESS' } });
    }
    const { size, root } = openCheckpoint(checkpoint.text, origin, keys);
    const tile = await bytes(`history/tile/0/000.p/${size}`);
    const entries = parseEntries(await bytes(`history/tile/entries/000.p/${size}`));
    expect(Buffer.concat(entries.map(leafHash))).toEqual(tile);
    for (const [sequence, entry] of entries.entries()) {
      const answer = await get(`audit-events/proofs/inclusion?sequence=${sequence}&treeSize=${size}`);
      const proof = (answer.body['proof'] as unknown as string[]).map(hash);
      expect(answer.body['rootHash']).toBe(Buffer.from(root).toString('hex'));
      expect(verifyInclusion({ leafHash: leafHash(entry), index: sequence, size, root, proof })).toBe(true);
    }
    const cached = await get('history/tile/0/000.p/1');
    expect(cached.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    for (const path of [
      'history/tile/0/000',
      'history/tile/7/000',
      `history/tile/0/000.p/${size + 1}`,
      'history/tile/x',
    ]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });

  it('the published history shows an event as the bytes that were hashed, and proves it by one file', async () => {
    const list = await get('audit-events?action=service.created&limit=1');
    const [event] = list.body['items'] as unknown as Shape[];
    for (const reference of [event!['id'], event!['sequence']].map(String)) {
      const entry = await bytes(`audit-events/${reference}`, { Accept: 'application/octet-stream' });
      expect(leafHash(entry).toString('hex')).toBe(event!['leafHash']);
      const proof = await get(`audit-events/${reference}/proof`);
      expect(proof.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(verifyLogProof(parseLogProof(proof.text), leafHash(entry), origin, keys)).toBe(true);
    }
  });

  it('the published history is the beginning of the later one', async () => {
    const before = openCheckpoint((await get('history/checkpoint')).text, origin, keys);
    await server.post(`${tenant.path}/services`, { name: 'four' }, tenant.owner);
    const [{ sequence }] = (await get('audit-events?limit=1')).body['items'] as unknown as [Shape];
    expect(await get(`audit-events/${sequence}/proof`)).toMatchObject({
      status: 503,
      body: { code: 'CHECKPOINT_PENDING' },
    });
    await server.server.app.get(Checkpoints).publishDue();
    const after = openCheckpoint((await get('history/checkpoint')).text, origin, keys);
    const answer = await get(`audit-events/proofs/consistency?from=${before.size}&to=${after.size}`);
    const proof = (answer.body['proof'] as unknown as string[]).map(hash);
    const [firstRoot, secondRoot] = [before.root, after.root];
    expect(verifyConsistency({ first: before.size, firstRoot, second: after.size, secondRoot, proof })).toBe(true);
  });

  it('the published history rejects what is out of its range, by what was asked', async () => {
    for (const query of [
      'inclusion?sequence=100000',
      'inclusion?sequence=0&treeSize=100000',
      'consistency?from=100000',
    ]) {
      const answer = await get(`audit-events/proofs/${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'OUT_OF_RANGE' } });
    }
    for (const query of ['inclusion', 'inclusion?sequence=-1', 'consistency?from=0', 'consistency?from=x']) {
      const answer = await get(`audit-events/proofs/${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    }
  });

  it('the published history is for those who may read the history', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    const limited = await signIn(server, tenant, 'limited_access');
    for (const path of [
      'history/checkpoint',
      'history/tile/0/000.p/1',
      'audit-events/export',
      'audit-events/proofs/inclusion?sequence=0',
    ]) {
      expect((await server.get(`${tenant.path}/${path}`, auditor)).status).toBe(200);
      expect((await server.get(`${tenant.path}/${path}`, limited)).status).toBe(403);
    }
  });

  it('the log of checkpoints is read by a platform administrator alone, and proves to an auditor what was signed', async () => {
    const admin = { token: await server.login() };
    const log = `${host}/checkpoints`;
    const { body } = await server.get(`/v1/history/keys?origin=${encodeURIComponent(log)}`);
    const logKeys = (body['keys'] as unknown as Shape[]).map(({ verifierKey }) => parseVerifierKey(verifierKey!));
    const checkpoint = await server.get('/v1/history/checkpoint', admin);
    const { size } = openCheckpoint(checkpoint.text, log, logKeys);
    const entries = await server.get(`/v1/history/tile/entries/000.p/${size}`, admin);
    expect([entries.status, entries.text.includes(`${origin}\n`)]).toEqual([200, true]);
    const auditor = tenant.owner;
    const proof = await server.get(`${tenant.path}/history/platform-proof`, auditor);
    const parsed = parseLogProof(proof.text);
    expect(verifyLogProof(parsed, leafHash(parsed.extra!), log, logKeys)).toBe(true);
    expect(openCheckpoint(Buffer.from(parsed.extra!).toString(), origin, keys).size).toBeGreaterThan(0);
    const consistency = await server.get(`${tenant.path}/history/platform-consistency?from=1`, auditor);
    expect(consistency).toMatchObject({ status: 200, body: { from: 1, to: size } });
    expect((await server.get(`${tenant.path}/history/platform-proof?before=0`, auditor)).status).toBe(400);
    for (const path of ['/v1/history/checkpoint', '/v1/history/tile/0/000.p/1']) {
      expect((await server.get(path, auditor)).status).toBe(403);
      expect((await server.get(path)).status).toBe(401);
    }
  });

  it("the installation's own history is published likewise", async () => {
    const admin = { token: await server.login() };
    const own = `${host}/00000000-0000-0000-0000-000000000000`;
    const { body } = await server.get('/v1/history/keys');
    const ownKeys = (body['keys'] as unknown as Shape[]).map(({ verifierKey }) => parseVerifierKey(verifierKey!));
    const checkpoint = await server.get('/v1/platform/history/checkpoint', admin);
    expect(openCheckpoint(checkpoint.text, own, ownKeys).size).toBeGreaterThan(0);
    expect((await server.get('/v1/platform/audit-events/checkpoint', admin)).text).toBe(checkpoint.text);
    expect((await server.get('/v1/platform/history/tile/0/000.p/1', admin)).status).toBe(200);
    const event = await server.get('/v1/platform/audit-events/0', admin);
    const proof = await server.get('/v1/platform/audit-events/0/proof', admin);
    const leaf = hash(event.body['leafHash']!);
    expect(verifyLogProof(parseLogProof(proof.text), leaf, own, ownKeys)).toBe(true);
  });
});

describe('an export over HTTP', () => {
  it('an export over HTTP is every event in its bytes, with the checkpoint that covers it', async () => {
    const answer = await get('audit-events/export');
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="history-[0-9a-f-]+-0\.ndjson"$/);
    const [header, ...lines] = answer.text.trimEnd().split('\n');
    const { checkpoint } = JSON.parse(header!) as { checkpoint: string };
    const { size } = openCheckpoint(checkpoint, origin, keys);
    expect(answer.headers.get('x-checkpoint')).toBe(Buffer.from(checkpoint).toString('base64'));
    expect(lines).toHaveLength(size);
    const listed = (await get('audit-events?order=asc&limit=200')).body['items'] as unknown as Shape[];
    for (const [place, line] of lines.entries()) {
      const { sequence, leafHash: hash, personal, event } = JSON.parse(line) as Record<string, Shape>;
      if (personal) putBack(event!, event!['personal']!['fields'] as never, personal['values'] as never);
      expect({ ...event, sequence, leafHash: hash }).toEqual(listed[place]);
    }
    expect(listed.at(-1)).toMatchObject({ action: 'history.exported', actor: { name: tenant.owner.email } });
  });

  it('an export over HTTP comes as CSV, for a period, and continues where it was cut off', async () => {
    const csv = await get('audit-events/export?format=csv&after=1');
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.text.split('\r\n')[1]).toMatch(/^"2",/);
    expect((await get('audit-events/export?from=2020-01-01&to=2020-01-02')).text.trimEnd().split('\n')).toHaveLength(1);
    for (const query of ['format=xml', 'from=yesterday', 'after=-1', 'limit=1']) {
      expect(await get(`audit-events/export?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_ERROR' },
      });
    }
    const admin = { token: await server.login() };
    expect((await server.get('/v1/platform/audit-events/export', admin)).text).toContain('"action":"tenant.created"');
  });
});

describe('a compromised key of the logs', () => {
  it('a compromised key of the logs is ended immediately by a platform administrator with the password, and is shown as such', async () => {
    const admin = { token: await server.login() };
    const compromise = (body: object) => server.post('/v1/platform/history/keys/compromise', body, admin);
    expect(await compromise({ number: 1 })).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect(await compromise({ number: 9, password: ADMIN.password })).toMatchObject({ status: 404 });
    const { status, body } = await compromise({ number: 1, password: ADMIN.password });
    expect(status).toBe(200);
    expect((await server.get('/v1/history/keys')).body).toEqual(body);
    const numbers = (body['keys'] as unknown as { number: number; compromisedAt: string | null }[]).map(
      ({ number, compromisedAt }) => [number, compromisedAt !== null],
    );
    expect(numbers).toEqual([
      [1, true],
      [1, true],
      [2, false],
      [2, false],
    ]);
    await server.server.app.get(Checkpoints).publishDue();
    expect(parseNote((await get('history/checkpoint')).text).signatures).toHaveLength(2);
  });
});
