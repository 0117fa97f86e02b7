import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CompromisedKeys1763850000000 } from '../../../libs/database/migrations/0010-compromised-keys.js';
import { keys } from '../../conformance/certificates/pure-samples.js';
import { createAuthority, csrPem, issue, publicKeyHash } from '../../e2e/certificates/pki.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

describe('the migration of compromised keys', () => {
  it('the migration of compromised keys lists every key that was on record as compromised before, once, however often it runs', async () => {
    const tenant = await createTenant(server);
    const { path, owner, id } = tenant;
    const [signing, certified, both] = [keys.p256(), keys.p384(), keys.p256()];
    await createAuthority(server, tenant);
    for (const key of [signing, both]) {
      const data = key.export({ type: 'pkcs8', format: 'pem' });
      const request = { name: publicKeyHash(key), algorithm: 'ES256', format: 'pem', data };
      const { body } = await server.post(`${path}/keys/import`, request, owner);
      const [version] = body['versions'] as unknown as [{ kid: string }];
      if (key === both) await issue(server, tenant, { csr: csrPem('both', { key }) });
      await server.post(`${path}/keys/${body['id']}/versions/${version.kid}/compromise`, {}, owner);
    }
    const { body } = await issue(server, tenant, { csr: csrPem('certified', { key: certified }) });
    await server.post(`${path}/certificates/${body['kid']}/revoke`, { reason: 'keyCompromise' }, owner);
    const kept = await issue(server, tenant, { csr: csrPem('kept', { key: keys.p256() }) });
    await server.post(`${path}/certificates/${kept.body['kid']}/revoke`, { reason: 'superseded' }, owner);

    const plain = await openPlainDataSource(database.url);
    const listed = async () => {
      const sql = 'SELECT fingerprint, reportedBy FROM compromised_keys ORDER BY fingerprint';
      return plain.query<{ fingerprint: string; reportedBy: string }[]>(sql);
    };
    const before = await listed();
    expect(before).toEqual(
      [signing, certified, both]
        .map((key) => ({ fingerprint: publicKeyHash(key), reportedBy: id }))
        .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    );
    const runner = plain.createQueryRunner();
    const migration = new CompromisedKeys1763850000000();
    await migration.down(runner);
    await migration.up(runner);
    await migration.up(runner);
    expect(await listed()).toEqual(before);
    await runner.release();
    await plain.destroy();
  });
});
