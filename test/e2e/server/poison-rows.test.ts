import { randomUUID } from 'node:crypto';

import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, type ManualClock } from '#core';
import { Scheduler } from '#scheduler';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, issue } from '../certificates/pki.js';

type Value = string | number | null;
type Row = Readonly<Record<string, Value>>;

/** How one kind is poisoned: two items are due, and the database refuses to change the first. */
interface Sample {
  readonly table: string;
  /** The statement that handles an item. */
  readonly statement: 'UPDATE' | 'DELETE';
  /** The primary key of the table; `id` unless named. */
  readonly key?: string;
  /** Makes two items and answers their keys. */
  readonly plant: () => Promise<readonly [first: string, second: string]>;
  /** Makes an item due. `place` is 1 for the first in the order in which the scheduler asks, 2 for the second. */
  readonly due: (place: number) => Row;
  /** What a row has as long as it was not handled; a deleted one is gone. */
  readonly unhandled: Row;
}

let database: TestDatabase;
let plain: DataSource;
let server: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  plain = await openPlainDataSource(database.url);
  tenant = await createTenant(server);
});
afterAll(async () => {
  await plain.destroy();
  await server.close();
  await database.drop();
});

const literal = (value: Value): string => (typeof value === 'string' ? `'${value}'` : String(value));
const clause = (row: Row, glue: string, isNull: string): string =>
  Object.entries(row)
    .map(([column, value]) => (value === null ? `${column} ${isNull} NULL` : `${column} = ${literal(value)}`))
    .join(glue);

const both = async (make: () => Promise<string>): Promise<readonly [string, string]> => [await make(), await make()];

/** Two rows that nothing but the scheduler would look at. */
const inserted =
  (table: string, row: (key: string) => Row, newKey: () => string = randomUUID): Sample['plant'] =>
  () =>
    both(async () => {
      const key = newKey();
      const values = row(key);
      const columns = Object.keys(values).join(', ');
      await plain.query(`INSERT INTO ${table} (${columns}) VALUES (${Object.values(values).map(literal).join(', ')})`);
      return key;
    });

const newHash = (): string => `${randomUUID()}${randomUUID()}`.replaceAll('-', '').slice(0, 64);

async function created(path: string, body: object): Promise<Shape> {
  const answer = await server.post(`${tenant.path}/${path}`, body, tenant.owner);
  if (answer.status >= 300) throw new Error(`${path} was refused: ${answer.text}`);
  return answer.body;
}

const serviceKey = async (): Promise<string> =>
  (await created('services', { name: randomUUID() }))['serviceKey']!['id']!;
const key = async (body: object = {}): Promise<string> =>
  (await created('keys', { name: randomUUID(), algorithm: 'ES256', ...body }))['id']!;
const authority = async (): Promise<string> => (await createAuthority(server, tenant))['id']!;

async function certificate(): Promise<string> {
  const { body } = await issue(server, tenant, { caId: await authority() });
  const [row] = await plain.query<{ id: string }[]>(`SELECT id FROM certificates WHERE kid = '${body['kid']}'`);
  return row!.id;
}

async function stagedVersion(): Promise<string> {
  const keyId = await key();
  await created(`keys/${keyId}/rotate`, {});
  const [row] = await plain.query<{ id: string }[]>(
    `SELECT id FROM key_versions WHERE keyId = '${keyId}' AND state = 'pending'`,
  );
  return row!.id;
}

async function deletedKey(): Promise<string> {
  const keyId = await key();
  const { status } = await server.delete(`${tenant.path}/keys/${keyId}`, { password: PASSWORD }, tenant.owner);
  expect(status).toBe(204);
  return keyId;
}

/** One row for each kind that the scheduler asks: a kind without one fails the first test. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  credential: {
    table: 'credentials',
    statement: 'UPDATE',
    plant: () => both(serviceKey),
    due: (place) => ({ createdAt: 0, expiresAt: server.clock.now() - HOUR + place }),
    unhandled: { state: 'active' },
  },
  'credential-succession': {
    table: 'credentials',
    statement: 'UPDATE',
    plant: () => both(serviceKey),
    due: (place) => ({ createdAt: 0, expiresAt: server.clock.now() + HOUR + place }),
    unhandled: { replacedBy: null },
  },
  session: {
    table: 'sessions',
    statement: 'DELETE',
    plant: inserted('sessions', (id) => ({ id, userId: id, createdAt: 0, expiresAt: 0 })),
    due: (place) => ({ expiresAt: place }),
    unhandled: {},
  },
  'password attempt': {
    table: 'password_attempts',
    statement: 'DELETE',
    key: 'subjectHash',
    plant: inserted(
      'password_attempts',
      (subjectHash) => ({ subjectHash, failures: 1, lockedUntil: 0, updatedAt: 0 }),
      newHash,
    ),
    due: (place) => ({ updatedAt: place }),
    unhandled: {},
  },
  'key rotation': {
    table: '`keys`',
    statement: 'UPDATE',
    plant: () => both(() => key({ rotateEverySeconds: 86_400 })),
    due: (place) => ({ nextRotationAt: place }),
    unhandled: { version: 1 },
  },
  'key version': {
    table: 'key_versions',
    statement: 'UPDATE',
    plant: () => both(stagedVersion),
    due: (place) => ({ activatesAt: place }),
    unhandled: { state: 'pending' },
  },
  'deleted key': {
    table: '`keys`',
    statement: 'UPDATE',
    plant: () => both(deletedKey),
    due: (place) => ({ destroysAt: place }),
    unhandled: { state: 'deleted' },
  },
  'replay record': {
    table: 'replay_records',
    statement: 'DELETE',
    plant: inserted('replay_records', (id) => ({ id, tenantId: tenant.id, usedAt: 0, expiresAt: 0 }), newHash),
    due: (place) => ({ expiresAt: place }),
    unhandled: {},
  },
  'token transaction': {
    table: 'token_transactions',
    statement: 'DELETE',
    plant: inserted('token_transactions', (id) => ({
      id,
      tenantId: tenant.id,
      profile: 'p',
      xid: id,
      phoneHash: 'h',
      sealedPhoneNumber: '',
      sealedToken: '',
      kid: 'k',
      createdAt: 0,
      issuedAt: 0,
      expiresAt: 0,
      keptUntil: 0,
    })),
    due: (place) => ({ keptUntil: place }),
    unhandled: {},
  },
  'rate window': {
    table: 'rate_windows',
    statement: 'DELETE',
    plant: inserted('rate_windows', (id) => ({ id, tenantId: tenant.id, calls: '[]', expiresAt: 0 }), newHash),
    due: (place) => ({ expiresAt: place }),
    unhandled: {},
  },
  'idempotency-record': {
    table: 'idempotency_records',
    statement: 'DELETE',
    plant: inserted('idempotency_records', (id) => ({
      id,
      tenantId: tenant.id,
      actorId: id,
      keyHash: 'h',
      payloadHash: 'h',
      state: 'running',
      createdAt: 0,
      expiresAt: 0,
    })),
    due: (place) => ({ expiresAt: place }),
    unhandled: {},
  },
  'idempotent answer': {
    table: 'idempotency_records',
    statement: 'UPDATE',
    plant: inserted('idempotency_records', (id) => ({
      id,
      tenantId: tenant.id,
      actorId: id,
      keyHash: 'h',
      payloadHash: 'h',
      state: 'answered',
      sealedAnswer: 'sealed',
      createdAt: 0,
      expiresAt: server.clock.now() + HOUR,
    })),
    due: (place) => ({ answerUntil: place }),
    unhandled: { sealedAnswer: 'sealed' },
  },
  certificate: {
    table: 'certificates',
    statement: 'UPDATE',
    plant: () => both(certificate),
    due: (place) => ({ notAfter: place }),
    unhandled: { state: 'active' },
  },
  'certificate authority': {
    table: 'certificate_authorities',
    statement: 'UPDATE',
    plant: () => both(authority),
    due: (place) => ({ notAfter: place }),
    unhandled: { state: 'active' },
  },
  'unfinished certificate': {
    table: 'certificates',
    statement: 'UPDATE',
    plant: () => both(certificate),
    due: (place) => ({ state: 'issuing', createdAt: place }),
    unhandled: { state: 'issuing' },
  },
  CRL: {
    table: 'crls',
    statement: 'UPDATE',
    plant: () => both(authority),
    due: (place) => ({ rebuildAt: place }),
    unhandled: { number: 0 },
  },
};

/** Lets the database refuse one statement on one row while the work runs. */
async function whilePoisoned(sample: Sample, keyValue: string, work: () => Promise<void>): Promise<void> {
  const { table, statement, key: column = 'id' } = sample;
  const condition = `OLD.${column} = ${literal(keyValue)}`;
  await plain.query(
    database.url.startsWith('sqlite:')
      ? `CREATE TRIGGER poison BEFORE ${statement} ON ${table} WHEN ${condition} BEGIN SELECT RAISE(ABORT, 'poison'); END`
      : `CREATE TRIGGER poison BEFORE ${statement} ON ${table} FOR EACH ROW
           IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`,
  );
  try {
    await work();
  } finally {
    await plain.query('DROP TRIGGER poison');
  }
}

/** Which of the items the scheduler has not handled. */
async function unhandled(
  { table, key: column = 'id', unhandled: row }: Sample,
  keys: readonly string[],
): Promise<string[]> {
  const conditions = [`${column} IN (${keys.map(literal).join(', ')})`, clause(row, ' AND ', 'IS')].filter(Boolean);
  const found = await plain.query<Row[]>(`SELECT ${column} FROM ${table} WHERE ${conditions.join(' AND ')}`);
  return keys.filter((keyValue) => found.some((each) => each[column] === keyValue));
}

describe('a row that the database refuses to change', () => {
  it('has a sample for each kind that the scheduler asks', () => {
    expect(server.server.app.get(Scheduler).kinds.toSorted()).toEqual(Object.keys(SAMPLES).toSorted());
  });

  it.each(Object.keys(SAMPLES))('does not block the row behind it, and is handled later: %s', async (kind) => {
    const sample = SAMPLES[kind]!;
    const planted = await sample.plant();
    const [first] = planted;
    for (const [index, keyValue] of planted.entries()) {
      const set = clause(sample.due(index + 1), ', ', '=');
      await plain.query(`UPDATE ${sample.table} SET ${set} WHERE ${sample.key ?? 'id'} = ${literal(keyValue)}`);
    }
    expect(await unhandled(sample, planted)).toEqual(planted);
    await whilePoisoned(sample, first, async () => {
      await server.runScheduler();
      expect(await unhandled(sample, planted)).toEqual([first]);
    });
    expect(server.logs.some((line) => line.includes(`"kind":"${kind}","item":`))).toBe(true);
    // Longer than the first delay of the back-off, and short enough for the session.
    (server.clock as ManualClock).advance(20_000);
    await server.runScheduler();
    expect(await unhandled(sample, planted)).toEqual([]);
  });
});
