import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

describe('a query that a call does not read', () => {
  let server: TestServer;
  let tenant: TestTenant;
  beforeAll(async () => {
    server = await startTestServer();
    tenant = await createTenant(server);
  });
  afterAll(() => server.close());

  it('is refused before anything is done: a deletion that cannot be rehearsed deletes nothing', async () => {
    const created = await server.post(`${tenant.path}/services`, { name: 'kept' }, tenant.owner);
    const path = `${tenant.path}/services/${created.body['service']!['id']}`;
    const refused = await server.delete(`${path}?dryRun=true`, { password: PASSWORD }, tenant.owner);
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: '/dryRun' }] },
    });
    expect((await server.get(path, tenant.owner)).status).toBe(200);
    const token = await server.login();
    const proof = { password: 'correct horse battery staple', confirm: tenant.slug };
    expect((await server.delete(`${tenant.path}?dryRun=true`, proof, { token })).status).toBe(400);
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
  });

  it('does not keep the public from their artefacts', async () => {
    expect((await server.get(`${tenant.path}/.well-known/jwks.json?cache=1`)).status).toBe(200);
  });

  it('takes the words of the contract: the size of a key, one audience', async () => {
    const key = await server.post(
      `${tenant.path}/keys`,
      { name: 'sized', algorithm: 'RS256', size: 2048 },
      tenant.owner,
    );
    expect(key).toMatchObject({ status: 201, body: { modulusBits: 2048 } });
    const profile = { name: 'one-audience', format: 'jwt', keyId: key.body['id'], audience: 'https://one.example' };
    const made = await server.post(`${tenant.path}/token-profiles`, profile, tenant.owner);
    expect(made).toMatchObject({ status: 201, body: { audience: ['https://one.example'] } });
  });
});
