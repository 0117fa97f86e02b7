import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from '../../e2e/signing/issuer.js';

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  tenant = await createTenant(server, 'key-states');
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

async function query<Row>(statement: string): Promise<Row[]> {
  const plain = await openPlainDataSource(database.url);
  try {
    return await plain.query(statement);
  } finally {
    await plain.destroy();
  }
}

/** As every change of a key does, so that what is kept of the tenant in memory is read again. */
const raiseConfigVersion = () =>
  query(`UPDATE tenants SET configVersion = configVersion + 1 WHERE id = '${tenant.id}'`);

/** A pending version is one whose time has not come: by its time alone it would sign. */
async function setState(issuer: TestIssuer, state: string): Promise<void> {
  await query(
    `UPDATE key_versions SET state = '${state}', retiredAt = ${server.clock.now()}, activatesAt = ${
      server.clock.now() + (state === 'pending' ? MINUTE : 0)
    } WHERE kid = '${issuer.kid}'`,
  );
  await raiseConfigVersion();
}

describe('what a key version may do', () => {
  it.each([
    ['pending', { signs: 409, verdict: 'KEY_NOT_USABLE', published: true }],
    ['active', { signs: 200, verdict: 'OK', published: true }],
    ['retired', { signs: 409, verdict: 'OK', published: true }],
    ['compromised', { signs: 409, verdict: 'KEY_NOT_USABLE', published: false }],
    ['destroyed', { signs: 409, verdict: 'KEY_NOT_USABLE', published: false }],
  ])(
    'what a key version may do follows from its state once the change raises the number of the configuration: %s',
    async (state, expected) => {
      const issuer = await createIssuer(server, tenant);
      const token: string = (await issuer.sign()).body['token']!;
      expect((await issuer.verify(token)).body['code']).toBe('OK');

      await setState(issuer, state);
      const signed = await issuer.sign();
      expect({
        signs: signed.status,
        verdict: (await issuer.verify(token)).body['code'],
        published: (await issuer.jwk()) !== undefined,
      }).toEqual(expected);
      if (expected.signs !== 200) expect(signed.body['code']).toBe('KEY_NOT_USABLE');
    },
  );

  it('what a key version may do ends with its key', async () => {
    const issuer = await createIssuer(server, tenant);
    const token: string = (await issuer.sign()).body['token']!;
    await query(`UPDATE \`keys\` SET state = 'deleted' WHERE id = '${issuer.keyId}'`);
    await raiseConfigVersion();
    expect(await issuer.sign()).toMatchObject({ status: 409, body: { code: 'KEY_NOT_USABLE' } });
    expect((await issuer.verify(token)).body['code']).toBe('KEY_NOT_USABLE');
    expect(await issuer.jwk()).toBeUndefined();
  });
});

it('a version knows when the last of its tokens expires', async () => {
  const issuer = await createIssuer(server, tenant);
  const noted = async (): Promise<number> => {
    const rows = await query<{ lastTokenExpiresAt: number | string }>(
      `SELECT lastTokenExpiresAt FROM key_versions WHERE kid = '${issuer.kid}'`,
    );
    return Number(rows[0]!.lastTokenExpiresAt) - server.clock.now();
  };
  const lasting = (ttlSeconds: number) => issuer.sign({ ttlSeconds });
  await lasting(60);
  expect(await noted()).toBe(MINUTE);
  await Promise.all([lasting(600), lasting(1_200), lasting(30)]);
  expect(await noted()).toBe(20 * MINUTE);
});
