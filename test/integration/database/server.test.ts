import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TenantScope, systemClock } from '#core';
import { Database, unsafeSettings } from '#database';

import { createTestDatabase, testServerUrl } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { Note, type Sample, noteEvents, openAgain, openSample, tenantScope } from './sample.js';

const SAFE = {
  version: '11.4.2-MariaDB',
  collation: 'utf8mb4_nopad_bin',
  flushAtCommit: 1,
  logBin: 0,
  syncBinlog: 0,
  sqlMode: 'STRICT_TRANS_TABLES,NO_ZERO_DATE',
};

describe('the settings of a server', () => {
  it.each<[string, Partial<typeof SAFE>, boolean, string[]]>([
    ['are safe as MariaDB needs them', {}, true, []],
    ['are safe as MySQL needs them', { version: '8.4.3', collation: 'utf8mb4_0900_bin' }, false, []],
    ['are safe with a binlog that reaches the disk', { logBin: 1, syncBinlog: 1 }, true, []],
    ['are safe in the other strict mode', { sqlMode: 'STRICT_ALL_TABLES' }, true, []],
    ["are unsafe with the other server's collation", { version: '8.4.3' }, false, ['utf8mb4_0900_bin']],
    ['are unsafe where blanks are padded', { collation: 'utf8mb4_bin' }, true, ['utf8mb4_nopad_bin']],
    ['are unsafe where case is ignored', { collation: 'utf8mb4_general_ci' }, true, ['COLLATE utf8mb4_nopad_bin;']],
    ['are unsafe where a commit may be lost', { flushAtCommit: 2 }, true, ['innodb_flush_log_at_trx_commit']],
    ['are unsafe where the binlog may lag', { logBin: 1, syncBinlog: 0 }, true, ['sync_binlog']],
    ['are unsafe where values are cut', { sqlMode: 'NO_ZERO_DATE' }, true, ['STRICT_TRANS_TABLES']],
    ['are safe in the oldest MariaDB', { version: '10.6.18-MariaDB-log' }, true, []],
    ['are safe in a MariaDB that shows another version first', { version: '5.5.5-10.11.6-MariaDB' }, true, []],
    ['are unsafe in an older MariaDB', { version: '10.5.23-MariaDB-0+deb11u1' }, true, ['10.6 or newer']],
    ['are unsafe in an older MySQL', { version: '5.7.44', collation: 'utf8mb4_0900_bin' }, false, ['8.0 or newer']],
    ['are unsafe in two ways', { flushAtCommit: 0, sqlMode: '' }, true, ['innodb_flush', 'STRICT']],
  ])('the settings of a database server are checked: %s', (_name, changes, mariadb, findings) => {
    const found = unsafeSettings({ ...SAFE, ...changes }, mariadb);
    expect(found).toEqual(findings.map((part) => expect.stringContaining(part)));
  });
});

describe.skipIf(testServerUrl === undefined)('on a server', () => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await openSample();
  });
  afterAll(() => sample.drop());

  it('two transactions that lock each other out both succeed: the loser runs again as a whole', async () => {
    const scope = tenantScope();
    const notes = [await sample.write(scope), await sample.write(scope)] as const;
    let runs = 0;
    const locked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const crossing = (first: 0 | 1): Promise<void> =>
      sample.database.transaction(scope, async (tx) => {
        runs += 1;
        await tx.increment(Note, { id: notes[first].id }, 'count');
        locked[first].resolve();
        await locked[first === 0 ? 1 : 0].promise;
        await tx.increment(Note, { id: notes[first === 0 ? 1 : 0].id }, 'count');
        tx.record(noteEvents.changed('crossing'));
      });
    await Promise.all([crossing(0), crossing(1)]);
    expect(runs).toBeGreaterThan(2);
    const rows = await sample.database.read(scope, (view) => view.find(Note));
    expect(rows.map(({ count }) => count)).toEqual([2, 2]);
  });

  it('a race that is lost every time ends as AUDIT_UNAVAILABLE', async () => {
    let runs = 0;
    const losing = sample.database.transaction(tenantScope(), async () => {
      runs += 1;
      throw Object.assign(new Error('Deadlock found'), { errno: 1213, code: 'ER_LOCK_DEADLOCK' });
    });
    await expect(losing).rejects.toThrow(withCode('AUDIT_UNAVAILABLE'));
    expect(runs).toBe(4);
  });

  it('a transaction sees what others committed meanwhile: READ COMMITTED', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    const other = await openAgain(sample);
    await sample.database.transaction(scope, async (tx) => {
      expect(await tx.get(Note, { id })).toMatchObject({ count: 0 });
      await changeElsewhere(other, scope, id);
      expect(await tx.get(Note, { id })).toMatchObject({ count: 1 });
    });
    await other.close();
  });

  it('a statement that hangs is given up, and nothing of it stays', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    const impatient = await openAgain(sample, { statementTimeoutMilliseconds: 200 });
    const hanging = await createConnection({ uri: sample.url });
    await hanging.query('LOCK TABLES notes WRITE');
    const change = changeElsewhere(impatient, scope, id);
    const read = impatient.read(scope, (view) => view.find(Note));
    await Promise.all([
      expect(change).rejects.toThrow(withCode('AUDIT_UNAVAILABLE')),
      expect(read).rejects.toThrow(withCode('DATABASE_UNAVAILABLE')),
    ]);
    await hanging.query('UNLOCK TABLES');
    await hanging.end();
    expect(await sample.database.read(scope, (view) => view.get(Note, { id }))).toMatchObject({ count: 0 });
    await impatient.close();
  });

  it('on a server whose collation merges identifiers the product does not start, and says what to run', async () => {
    const test = await createTestDatabase();
    const plain = await openPlainDataSource(test.url);
    await plain.query('ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci');
    const options = { url: test.url, entities: [], clock: systemClock, recorder: async () => undefined };
    const refusal = await Database.open(options).catch((error: Error) => error.message);
    expect(refusal).toContain('utf8mb4_general_ci');
    const statement = /ALTER DATABASE [^;]+;/.exec(String(refusal))![0];
    const warnings: string[] = [];
    await (await Database.open({ ...options, allowUnsafe: true, warn: (text) => warnings.push(text) })).close();
    expect(warnings).toEqual([refusal]);
    await plain.query(statement);
    await plain.destroy();
    await (await Database.open(options)).close();
    await test.drop();
  });

  it('on a server that does not answer the product does not start', async () => {
    const url = new URL(testServerUrl!);
    url.port = '1';
    url.pathname = '/chancery';
    const options = { url: url.toString(), entities: [], clock: systemClock, recorder: async () => undefined };
    const refused = /^The database server at \S+:1 \(DATABASE_URL\) cannot be used: .*ECONNREFUSED/;
    await expect(Database.open(options)).rejects.toThrow(refused);
  });
});

const changeElsewhere = (database: Database, scope: TenantScope, id: string): Promise<void> =>
  database.transaction(scope, async (tx) => {
    await tx.increment(Note, { id }, 'count');
    tx.record(noteEvents.changed(id));
  });
