import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Workshop } from '../../support/openssl.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let tenant: TestTenant;
const workshop = new Workshop();

beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

const call = () => ({ token: tenant.owner.token });

describe('certificate authorities', () => {
  it('smoke', async () => {
    const root = await server.post(
      `${tenant.path}/certificate-authorities`,
      { name: 'root', subject: { commonName: 'Root' }, keyAlgorithm: 'P-256', validityDays: 3650 },
      call(),
    );
    console.log(root.text);
    const issued = await server.post(
      `${tenant.path}/certificates`,
      { csr: await workshop.request('a', '/CN=My Awesome Reseller') },
      call(),
    );
    console.log(issued.text);
    const crl = await server.get(`/pki/${root.body['id']}/crl`);
    console.log(
      crl.status,
      crl.headers.get('content-type'),
      crl.text.length,
      server.logs.filter((l) => l.includes('error')).slice(-3),
    );
    expect(crl.status).toBe(200);
  });
});
