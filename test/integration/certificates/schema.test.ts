import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DataSource } from 'typeorm';

import { type Certificate, certificateEntities } from '#certificates';
import { Database } from '#database';
import { systemClock } from '#core';

import { conditionOf } from '../../../libs/certificates/certificate-filter.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

let test: TestDatabase;
let database: Database;
let plain: DataSource;

beforeAll(async () => {
  test = await createMigratedDatabase();
  const entities = [...certificateEntities];
  database = await Database.open({ url: test.url, entities, clock: systemClock, recorder: async () => undefined });
  await database.migrate();
  plain = await openPlainDataSource(test.url, entities);
  // A planner looks at what is there: other tenants' rows, mostly.
  await plain
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(Array.from({ length: ROWS }, row))
    .execute();
  await plain.query(test.url.startsWith('sqlite:') ? 'ANALYZE' : 'ANALYZE TABLE certificates');
});
afterAll(async () => {
  await plain.destroy();
  await database.close();
  await test.drop();
});

const ROWS = 500;
const entity = certificateEntities.find(({ name }) => name === 'Certificate') as new () => Certificate;

function row(_: unknown, index: number): Certificate {
  const unique = `${index}`.padStart(8, '0');
  return {
    id: unique,
    tenantId: index % 10 === 0 ? scope.tenantId : `tenant ${index % 50}`,
    kid: unique,
    caId: `authority ${index % 25}`,
    serviceId: `service ${index % 25}`,
    state: index % 20 === 0 ? 'revoked' : 'active',
    serialNumber: unique,
    subject: `CN=${unique}`,
    commonNameSearch: unique,
    subjectSearch: `cn=${unique}`,
    issuer: 'CN=ca',
    san: [],
    keyAlgorithm: 'P-256',
    publicKeyHash: unique,
    tbsHash: unique,
    certificatePem: null,
    contacts: null,
    notBefore: index,
    notAfter: index,
    replaces: null,
    replacedBy: null,
    revocationReason: null,
    revokedAt: null,
    version: 1,
    createdAt: index,
    updatedAt: index,
  };
}

const scope = {
  tenantId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  actor: { type: 'system', id: 'test', name: 'test' },
  requestId: 'test',
  sourceAddress: null,
} as const;

describe('the tables of certificates', () => {
  it.each([
    ['kid', { kid: '00000010' }],
    ['serialNumber', { serialNumber: '00000010' }],
    ['caId', { caId: 'authority 10' }],
    ['serviceId', { serviceId: 'service 10' }],
    ['a common name', { subject: '0000001' }],
    ['a subject', { subject: 'cn=0000001' }],
    ['state', { state: 'revoked' as const }],
    ['expiry', { expiresAfter: 99, expiresBefore: 121 }],
  ])('the tables of certificates are searched by %s with an index', async (_, filter) => {
    const condition = await database.read(scope, (view) => conditionOf(view, filter));
    const query = plain
      .createQueryBuilder(entity, 'row')
      .where((condition as object[]).map((each) => ({ ...each, tenantId: scope.tenantId })))
      .orderBy('row.id')
      .limit(51);
    const [sql, parameters] = query.getQueryAndParameters();
    const explain = test.url.startsWith('sqlite:') ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
    const plan = JSON.stringify(await plain.query(`${explain} ${sql}`, parameters));
    expect(plan).toMatch(/certificates_/);
    expect(plan).not.toMatch(/SCAN|"type":"ALL"/);
  });
});
