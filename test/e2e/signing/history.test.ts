import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from './issuer.js';

const BROKEN_HISTORY: Readonly<Record<string, string>> = {
  'better-sqlite3': `CREATE TRIGGER break_history BEFORE INSERT ON audit_events WHEN NEW.action LIKE 'token.%'
    BEGIN SELECT RAISE(ABORT, 'the history is not writable'); END`,
  mariadb: `CREATE TRIGGER break_history BEFORE INSERT ON audit_events FOR EACH ROW
    IF NEW.action LIKE 'token.%' THEN SIGNAL SQLSTATE '45000'; END IF`,
};

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  tenant = await createTenant(server, 'token-history');
  issuer = await createIssuer(server, tenant);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

async function events(filter: string): Promise<Shape[]> {
  const { body } = await server.get(`${tenant.path}/audit-events?${filter}`, tenant.owner);
  return body['items'] as unknown as Shape[];
}

describe('the history of a token', () => {
  it('the history of a token begins with its issue, before the token is answered', async () => {
    const { body } = await issuer.sign({ subject: 'user-42' });
    const found = await events(`tokenId=${body['tokenId']}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      action: 'token.issued',
      outcome: 'success',
      kid: issuer.kid,
      tokenId: body['tokenId'],
      actor: { type: 'service', id: issuer.service.id },
      details: { profile: issuer.profile, format: 'jwt' },
    });
    expect(found[0]!['leafHash']).toMatch(/^[0-9a-f]{64}$/);
    expect(await events(`kid=${issuer.kid}&action=token.issued`)).toHaveLength(1);
  });

  it('the history of a token has each time that it was verified, and with what result', async () => {
    const { tokenId, token } = (await issuer.sign()).body;
    await issuer.verify(token!);
    await issuer.verify(`${token}x`);
    expect(await events(`tokenId=${tokenId}&action=token.verified`)).toMatchObject([
      { outcome: 'success', details: { code: 'OK' } },
    ]);
    expect(await events('action=token.verified&outcome=failed')).toMatchObject([
      { details: { profile: issuer.profile, code: 'MALFORMED_TOKEN' } },
    ]);
  });

  it('the history of a token never holds the token itself', async () => {
    const token: string = (await issuer.sign()).body['token']!;
    await issuer.verify(token);
    const everything = await server.get(`${tenant.path}/audit-events?limit=200`, tenant.owner);
    expect(everything.text).not.toContain(token.split('.')[2]);
  });
});

describe('a history that cannot be written', () => {
  it('no token is answered while the history cannot be written', async () => {
    const plain = await openPlainDataSource(database.url);
    try {
      const issued = await events('action=token.issued');
      await plain.query(BROKEN_HISTORY[plain.options.type]!);
      const refused = await issuer.sign();
      expect(refused).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(refused.text).not.toContain('eyJ');
      expect(await issuer.verify('a.b.c')).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
      expect(await events('action=token.issued')).toEqual(issued);

      await plain.query('DROP TRIGGER break_history');
      expect((await issuer.sign()).status).toBe(200);
    } finally {
      await plain.destroy();
    }
  });
});
