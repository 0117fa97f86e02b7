import { AbstractLogger, DataSource, type Logger, type Table, type TableColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Checkpoints } from '#audit';
import { DAY, defineEvents, platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { HistoryRetention } from '#retention';

import { SqliteWriter } from '../../../libs/database/sqlite-writer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { entities } from '../../support/entities.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type Identifiers, fillTenant, identifierOf } from './sample-tenant.js';

// Every list that the API document names, with each of its filters alone, on tables that have grown: no statement of it may
// read a whole table, or sort everything that matches before it gives the first page.

const ROWS = { blocks: 50, inBlock: 60 };
/** Of so few rows the server of MariaDB may read all: no index is faster. */
const FEW = 200;
/** How many different values an indexed column has that need not be unique. */
const VALUES = 40;
const FIRST = 10_000_000;
/** Words of a closed list: another value would be no row of the product. */
const CLOSED = ['tenantId', 'state', 'authType', 'outcome', 'actorType', 'role', 'origin', 'kind'];
/** A range of another column than that of the order: what matches has to be sorted. */
const SORTED = [
  'certificates?expiresAfter',
  'certificates?expiresBefore',
  'certificates?subject',
  'credentials?expiresBefore',
  'credentials?unusedSince',
  'keys?rotatesBefore',
  'keys?unusedSince',
  'services?unusedSince',
];
const keyEvents = defineEvents('key', { used: '' });
const CHANGE = /^\s*(DELETE|UPDATE)/i;
const INSTANT = /(At|After|Before|Update|Until)$/;

interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema?: { readonly example?: unknown; readonly enum?: readonly unknown[]; readonly default?: unknown };
}

interface Filter {
  readonly name: string;
  readonly query: string;
  readonly isRequired: boolean;
}

interface List {
  readonly path: string;
  /** Its filters, with a value for each. */
  readonly filters: readonly Filter[];
}

let database: TestDatabase;
let server: TestServer;
let plain: DataSource;
let identifiers: Identifiers;
let owner: Call;
let admin: Call;
let service: Call;
let lists: List[];
const statements: Statement[] = [];
/** What changes or removes rows; of an embedded database the writer is asked instead. */
const changes: Statement[] = [];

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  const [tenant, other] = [await createTenant(server, 'grown'), await createTenant(server, 'beside')];
  const filled = await fillTenant(server, tenant);
  identifiers = filled.identifiers;
  service = { serviceKey: filled.serviceKey };
  await fillTenant(server, other);
  [owner, admin] = [tenant.owner, { token: await server.login() }];
  plain = await openPlainDataSource(database.url, entities);
  await growAll([tenant, other]);
  lists = listsIn((await server.get('/openapi.json')).body);
  const record = (sql: string, parameters: unknown = []): void => {
    const statement = { sql, parameters: parameters as unknown[] };
    if (/^\s*SELECT/i.test(sql)) statements.push(statement);
    else if (CHANGE.test(sql)) changes.push(statement);
  };
  // An embedded database has a second connection, for reading, with a logger of its own.
  const loggers: Logger[] = [AbstractLogger.prototype as Logger, server.server.app.get(DataSource).logger];
  for (const logger of loggers) vi.spyOn(logger, 'logQuery').mockImplementation(record);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await plain.destroy();
  await server.close();
  await database.drop();
});

/** Makes some thousand rows of each kind that a tenant has. */
async function growAll(tenants: readonly TestTenant[]): Promise<void> {
  const runner = plain.createQueryRunner();
  await plain.query(testServerUrl === undefined ? 'PRAGMA foreign_keys = OFF' : 'SET FOREIGN_KEY_CHECKS = 0');
  const grow = async (tableName: string, source: string): Promise<void> => {
    const table = (await runner.getTable(tableName))!;
    for (const [place, { id }] of tenants.entries()) {
      if (uniqueColumns(table).size > 0) await plain.query(growth(table, FIRST * (place + 1), source), [id]);
    }
    if (testServerUrl !== undefined) await plain.query(`ANALYZE TABLE ${plain.driver.escape(tableName)}`);
  };
  // The same numbers make the same ids: each new member is a user.
  await grow('users', 'source.id = (SELECT MAX(userId) FROM members WHERE tenantId = ?)');
  for (const { tableName, columns } of plain.entityMetadatas) {
    const isOfTenants = columns.some(({ propertyName }) => propertyName === 'tenantId');
    if (isOfTenants)
      await grow(tableName, `source.KEY = (SELECT MAX(KEY) FROM ${plain.driver.escape(tableName)} WHERE tenantId = ?)`);
  }
  await runner.release();
}

/** What makes a row different from every other one, beside its tenant. */
function uniqueColumns(table: Table): Set<string> {
  const unique = [
    ...table.primaryColumns.map(({ name }) => name),
    ...table.uniques.flatMap(({ columnNames }) => columnNames),
    ...table.indices.flatMap(({ isUnique, columnNames }) => (isUnique ? columnNames : [])),
  ];
  return new Set(unique.filter((name) => name !== 'tenantId'));
}

/**
 * The statement for one tenant.
 * @param first the number of the first of its rows, by which they are unlike those of others
 * @param source the condition that one row meets; `KEY` stands for a column that makes it different
 */
function growth(table: Table, first: number, source: string): string {
  const tableName = plain.driver.escape(table.name);
  const unique = uniqueColumns(table);
  const [key] = unique;
  const indexed = new Set(table.indices.flatMap(({ columnNames }) => columnNames));
  const isText = ({ type }: TableColumn): boolean => /char|text/i.test(type);
  const different = ({ name, length }: TableColumn, number: string): string =>
    `substr(concat(${number}, '-', source.${name}), 1, ${Number(length) || 255})`;
  const expression = (column: TableColumn): string => {
    const { name } = column;
    if (unique.has(name)) return isText(column) ? different(column, 'n') : `source.${name} + n`;
    if (INSTANT.test(name)) return `source.${name} + n * 1000`;
    if (!indexed.has(name) || !isText(column) || CLOSED.includes(name)) return `source.${name}`;
    const other = different(column, `n % ${VALUES}`);
    return `CASE WHEN source.${name} IS NULL OR n % ${VALUES} = 0 THEN source.${name} ELSE ${other} END`;
  };
  const numbers = (name: string, count: number): string =>
    `${name} (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${count})`;
  const names = table.columns.map(({ name }) => name).join(', ');
  return `INSERT INTO ${tableName} (${names})
    WITH RECURSIVE ${numbers('blocks', ROWS.blocks)}, ${numbers('ones', ROWS.inBlock)},
    numbered AS (SELECT ${first} + (blocks.n - 1) * ${ROWS.inBlock} + ones.n AS n FROM blocks, ones)
    SELECT ${table.columns.map(expression).join(', ')} FROM numbered, ${tableName} AS source
    WHERE ${source.replaceAll('KEY', key!)}`;
}

function listsIn(document: Shape): List[] {
  const { paths } = document as unknown as { paths: Record<string, { get?: { parameters?: Parameter[] } }> };
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const asked = (get?.parameters ?? []).filter((parameter) => parameter.in === 'query');
    if (!asked.some(({ name }) => name === 'limit')) return [];
    const filters = asked.flatMap((parameter): Filter[] => {
      const { name, required: isRequired = false } = parameter;
      if (['limit', 'cursor'].includes(name)) return [];
      return [{ name, query: `&${name}=${encodeURIComponent(valueOf(path, parameter))}`, isRequired }];
    });
    return [{ path, filters }];
  });
}

/** Something that exists, an example of the document, or one of the permitted words. */
function valueOf(path: string, { name, example, schema = {} }: Parameter): string {
  const value = identifiers[identifierOf(path.replaceAll('{', ':'), name)] ?? example ?? schema.example;
  return String(value ?? schema.enum?.at(-1) ?? schema.default);
}

function callerOf(path: string): Call {
  if (path === '/v1/transactions') return service;
  return path.startsWith('/v1/tenants/{tenantId}') ? owner : admin;
}

/** The statements of one request, which has the filters that it cannot do without. */
async function statementsOf(
  { path, filters }: List,
  query: string,
  limit = 2,
): Promise<{ nextCursor: string; asked: Statement[] }> {
  const at = path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => identifiers[identifierOf(path.replaceAll('{', ':'), name)]!,
  );
  const always = filters.filter(({ isRequired }) => isRequired).map((filter) => filter.query);
  const asked = [...new Set([...always, query])].join('');
  statements.length = 0;
  const { status, body, text } = await server.get(`${at}?limit=${limit}${asked}`, callerOf(path));
  if (status !== 200) throw new Error(`GET ${at}?${asked} was answered ${status} ${text}`);
  return { nextCursor: body['nextCursor'] ?? '', asked: [...statements] };
}

interface Plan {
  /** SQLite. */
  readonly detail?: string;
  /** MySQL and MariaDB. */
  readonly type?: string | null;
  readonly rows?: number | string | null;
  readonly Extra?: string | null;
}

/** What of a plan costs more the more rows there are. */
async function costly({ sql, parameters }: Statement): Promise<string[]> {
  const explain = testServerUrl === undefined ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
  const plan = await plain.query<Plan[]>(`${explain} ${sql}`, parameters as never);
  return plan.flatMap(({ detail, type, rows, Extra }) => {
    if (detail !== undefined) {
      // The one row of each part of `firstOfEach` is no table.
      const readsAll = /^SCAN (?!CONSTANT|first\d+$)/.test(detail) && !detail.includes('USING');
      return readsAll || detail.startsWith('USE TEMP B-TREE FOR ORDER BY') ? [detail] : [];
    }
    const isCostly = type === 'ALL' || (Extra ?? '').includes('filesort');
    return isCostly && Number(rows) > FEW ? [`${type} of ${rows} rows, ${Extra}`] : [];
  });
}

/** How many rows and entries of indexes MariaDB or MySQL reads for a statement. */
async function rowsRead({ sql, parameters }: Statement): Promise<number> {
  const runner = plain.createQueryRunner();
  const count = async (): Promise<number> => {
    const counters = (await runner.query("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'")) as { Value: string }[];
    return counters.reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  const before = await count();
  await runner.query(sql, parameters as never);
  const after = await count();
  await runner.release();
  return after - before;
}

async function findings(asked: readonly Statement[]): Promise<string[]> {
  const found = [];
  for (const statement of asked) {
    for (const cost of await costly(statement)) found.push(`${cost}: ${/ FROM .*/s.exec(statement.sql)?.[0]}`);
  }
  return found;
}

describe('lists of the API document', () => {
  it('each list is served by an index, page after page', async () => {
    const found: Record<string, string[]> = {};
    for (const list of lists) {
      const { nextCursor, asked } = await statementsOf(list, '');
      expect(asked.length).toBeGreaterThan(0);
      const next = nextCursor === '' ? [] : (await statementsOf(list, `&cursor=${nextCursor}`)).asked;
      const costs = await findings([...asked, ...next]);
      if (costs.length > 0) found[list.path] = costs;
    }
    expect(found).toEqual({});
  });

  it('each filter of a list is served by an index', async () => {
    const found: Record<string, string[]> = {};
    for (const list of lists) {
      for (const { name, query } of list.filters) {
        const costs = await findings((await statementsOf(list, query)).asked);
        const asked = `${list.path}?${name}`;
        if (costs.length > 0 && !SORTED.some((end) => asked.endsWith(end))) found[asked] = costs;
      }
    }
    expect(found).toEqual({});
  });

  // EXPLAIN shows the same index for a statement that reads everything before the page.
  it.skipIf(testServerUrl === undefined)(
    'a page in the middle of a history is read without the events before it, by a period and by a cursor',
    async () => {
      const history = lists.find(({ path }) => path === '/v1/tenants/{tenantId}/audit-events')!;
      const middle =
        'SELECT id, occurredAt FROM audit_events WHERE tenantId = ? ORDER BY occurredAt LIMIT 1 OFFSET 1500';
      const [{ id, occurredAt }] = (await plain.query(middle, [identifiers['tenantId']])) as [
        { id: string; occurredAt: number },
      ];
      const instant = new Date(Number(occurredAt)).toISOString();
      const cursor = `&cursor=${Buffer.from(JSON.stringify([Number(occurredAt), id])).toString('base64url')}`;
      const read: Record<string, boolean> = {};
      const note = async (question: string, asked: readonly Statement[]): Promise<void> => {
        const events = asked.filter(({ sql }) => sql.includes('FROM `audit_events`'));
        expect(events.length).toBeGreaterThan(0);
        let rows = 0;
        for (const statement of events) rows += await rowsRead(statement);
        read[question] = rows < FEW;
      };
      for (const query of [`&to=${instant}`, cursor, `&order=asc${cursor}`, `&order=asc&from=${instant}`]) {
        await note(query, (await statementsOf(history, query)).asked);
      }
      const path = `/v1/tenants/${identifiers['tenantId']}/audit-events`;
      const until = new Date(Number(occurredAt) + 10_000).toISOString();
      for (const query of [`density?day=${instant}`, `export?from=${instant}&to=${until}`]) {
        statements.length = 0;
        expect(await server.get(`${path}/${query}`, owner)).toMatchObject({ status: 200 });
        await note(query, [...statements]);
      }
      expect(Object.entries(read).filter(([, isFew]) => !isFew)).toEqual([]);
    },
  );

  it('the hours of a day are counted by few statements, each of which is served by an index', async () => {
    statements.length = 0;
    expect(await server.get(`/v1/tenants/${identifiers['tenantId']}/audit-events/density`, owner)).toMatchObject({
      status: 200,
    });
    const events = statements.filter(({ sql }) => /FROM [`"]audit_events/.test(sql));
    // The last event; the first ones of all hours; the numbers of these.
    expect(events.length).toBeLessThanOrEqual(3);
    expect(events.some(({ sql }) => sql.split('UNION ALL').length === 25)).toBe(true);
    expect(await findings([...statements])).toEqual([]);
  });

  it.skipIf(testServerUrl !== undefined)(
    'events of a thing or an actor that have an action are found by an index of both',
    async () => {
      const history = lists.find(({ path }) => path === '/v1/tenants/{tenantId}/audit-events')!;
      const plans: Record<string, string | undefined> = {};
      for (const { name, query } of history.filters.filter((one) =>
        ['kid', 'targetId', 'credentialId', 'actor', 'sourceAddress'].includes(one.name),
      )) {
        const { asked } = await statementsOf(history, `${query}&action=key.generated`);
        const { sql, parameters } = asked.find((statement) => statement.sql.includes('FROM "audit_events"'))!;
        const [plan] = await plain.query<Plan[]>(`EXPLAIN QUERY PLAN ${sql}`, parameters as never);
        plans[name] = /\((.*)\)/.exec(plan!.detail!)?.[1];
      }
      const both = (column: string) => expect.stringContaining(`tenantId=? AND ${column}=? AND action=?`);
      expect(plans).toEqual({
        targetId: both('targetId'),
        kid: both('kid'),
        credentialId: both('credentialId'),
        actor: both('actorId'),
        sourceAddress: both('sourceAddress'),
      });
    },
  );

  it.skipIf(testServerUrl === undefined)(
    'of the events of a thing and of those of an action, none is read that is not of both',
    async () => {
      const history = lists.find(({ path }) => path === '/v1/tenants/{tenantId}/audit-events')!;
      const frequent = (
        where: string,
      ): string => `SELECT targetId, action FROM audit_events WHERE tenantId = ? AND ${where}
        GROUP BY targetId, action HAVING COUNT(*) > 50 LIMIT 1`;
      const found = async (where: string): Promise<{ targetId: string; action: string }> =>
        ((await plain.query(frequent(where), [identifiers['tenantId']])) as [{ targetId: string; action: string }])[0];
      // The rows that were added have actions of a number and a word, but for those of one action of the product.
      const [{ targetId }, { action }] = [await found("action LIKE '%-%'"), await found("action NOT LIKE '%-%'")];
      const query = `&targetId=${encodeURIComponent(targetId)}&action=${action}`;
      const events = (await statementsOf(history, query)).asked.filter(({ sql }) =>
        sql.includes('FROM `audit_events`'),
      );
      let rows = 0;
      for (const statement of events) rows += await rowsRead(statement);
      expect(rows).toBeLessThan(20);
    },
  );

  // Which of several indexes the server of MariaDB takes, it decides by how many rows it expects.
  it.skipIf(testServerUrl !== undefined)(
    'each filter of the history by one value has an index of its own',
    async () => {
      const history = lists.find(({ path }) => path === '/v1/tenants/{tenantId}/audit-events')!;
      const byTime: string[] = [];
      for (const { name, query } of history.filters) {
        const { asked } = await statementsOf(history, query);
        const [events] = asked.filter(({ sql }) => sql.includes('FROM "audit_events"'));
        const [{ detail }] = (await plain.query(`EXPLAIN QUERY PLAN ${events!.sql}`, events!.parameters as never)) as [
          Plan,
        ];
        if (detail?.includes('audit_events_by_time')) byTime.push(name);
      }
      expect(byTime).toEqual(['from', 'to', 'order']);
    },
  );

  // Of a few, SQLite looks for each.
  it.skipIf(testServerUrl !== undefined)('the rows of a full page are looked for by their keys', async () => {
    const history = lists.find(({ path }) => path === '/v1/tenants/{tenantId}/audit-events')!;
    const { asked } = await statementsOf(history, '&order=desc', 100);
    const { sql, parameters } = asked.find((statement) => /FROM "audit_events".* IN \(/.test(statement.sql))!;
    const plans = await plain.query<Plan[]>(`EXPLAIN QUERY PLAN ${sql}`, parameters as never);
    expect(plans.map(({ detail }) => /\(.*\)/.exec(detail!)?.[0])).toEqual(['(id=?)']);
  });

  it.skipIf(testServerUrl !== undefined)('each list is searched for a name by an index of the names', async () => {
    const searched: Record<string, boolean> = {};
    for (const list of lists) {
      for (const { name, query } of list.filters.filter((filter) => filter.name === 'name')) {
        const plans: Plan[] = [];
        for (const { sql, parameters } of (await statementsOf(list, query)).asked) {
          if (/\b(liveN|n)ame" = /.test(sql))
            plans.push(...(await plain.query<Plan[]>(`EXPLAIN QUERY PLAN ${sql}`, parameters as never)));
        }
        searched[`${list.path}?${name}`] = plans.some(({ detail }) => /USING INDEX .*[nN]ame=\?/.test(detail ?? ''));
      }
    }
    expect(Object.keys(searched)).toHaveLength(11);
    expect(Object.entries(searched).filter(([, isByIndex]) => !isByIndex)).toEqual([]);
  });

  it('what erases the events that a tenant keeps no longer is found by an index, and so is what it erases', async () => {
    const old = await createTenant(server, 'old');
    const settings = { historyRetentionDays: 365 };
    expect((await server.patch(old.path, { settings, password: PASSWORD }, old.owner)).status).toBe(200);
    await server.server.app.get(Database).platform(platformScope(systemOrigin('test')), async (tx) => {
      for (let made = 0; made < 256; made += 1) tx.record(keyEvents.used(old.id, { tenantId: old.id }));
    });
    await server.server.app.get(Checkpoints).publish(old.id);
    await server.setTime(server.clock.now() + 366 * DAY);
    statements.length = 0;
    changes.length = 0;
    // What a transaction does is in no log of the embedded database: all of it goes through one writer.
    const writing = vi.spyOn(SqliteWriter.prototype, 'query');
    await server.server.app.get(HistoryRetention).recordDue(10);
    const written = writing.mock.calls.map(([sql, parameters]): Statement => ({
      sql,
      parameters: [...(parameters ?? [])],
    }));
    writing.mockRestore();
    const asked = [
      ...statements,
      ...changes,
      ...written.filter(({ sql }) => /^\s*SELECT/i.test(sql) || CHANGE.test(sql)),
    ];
    expect(asked.filter(({ sql }) => /^DELETE FROM [`"]audit_events/.test(sql))).toHaveLength(1);
    // Of the keys of the installation there are few.
    expect(await findings(asked.filter(({ sql }) => !/[`"]history_keys[`"]/.test(sql)))).toEqual([]);
  });

  it('the lists have grown: a statement without an index is found', async () => {
    const sql = 'SELECT id FROM audit_events WHERE leafHash = ? ORDER BY requestId LIMIT 2';
    expect(await findings([{ sql, parameters: ['none'] }])).not.toEqual([]);
    const [{ count }] = (await plain.query('SELECT COUNT(*) AS count FROM credentials')) as [
      { count: number | string },
    ];
    expect(Number(count)).toBeGreaterThan(ROWS.blocks * ROWS.inBlock);
    expect(lists.length).toBeGreaterThan(12);
  });
});
