import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

describe('a secret that is released', () => {
  let server: TestServer;
  let tenant: TestTenant;
  beforeAll(async () => {
    server = await startTestServer();
    tenant = await createTenant(server);
  });
  afterAll(() => server.close());

  it('a secret that is revealed is never repeated from memory: each reveal is checked and recorded, whatever its idempotency key', async () => {
    const created = await server.post(`${tenant.path}/services`, { name: 'revealed' }, tenant.owner);
    const id: string = created.body['serviceKey']!['id']!;
    const path = `${tenant.path}/services/${created.body['service']!['id']}/credentials/${id}`;
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'same' } };
    const reveal = () => server.post(`${path}/reveal`, undefined, call);
    expect([(await reveal()).status, (await reveal()).status]).toEqual([200, 200]);
    const events = await server.get(
      `${tenant.path}/audit-events?action=credential.revealed&targetId=${id}`,
      tenant.owner,
    );
    expect(events.body['items']).toHaveLength(2);
    expect((await server.post(`${path}/compromise`, {}, tenant.owner)).status).toBe(200);
    expect(await reveal()).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
  });
});
