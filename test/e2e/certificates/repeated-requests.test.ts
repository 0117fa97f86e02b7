import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type Answer,
  type Call,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createKey, createService } from '../signing/issuer.js';
import { createAuthority, csrPem } from './pki.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  await createAuthority(server, tenant);
});
afterAll(() => server.close());

/** The same request twice, under one idempotency key. */
async function twice(path: string, body: object, call: Call): Promise<readonly [Answer, Answer]> {
  const repeated = { ...call, headers: { 'Idempotency-Key': path } };
  return [await server.post(path, body, repeated), await server.post(path, body, repeated)];
}

const countOf = async (): Promise<number> => {
  const { items } = (await server.get(`${tenant.path}/certificates?limit=200`, tenant.owner)).body;
  return (items as unknown as Shape[]).length;
};

describe('a repeated request for a certificate', () => {
  it('a repeated request for a certificate is answered with the one that was issued: of an admin, of a service, and of both for a renewal', async () => {
    const { serviceKey } = await createService(server, tenant);
    const callers: readonly (readonly [string, Call])[] = [
      [`${tenant.path}/certificates`, tenant.owner],
      ['/v1/certificates', { serviceKey }],
    ];
    for (const [path, call] of callers) {
      const before = await countOf();
      const [issued, again] = await twice(path, { csr: csrPem() }, call);
      expect([path, issued.status, again.status]).toEqual([path, 201, 201]);
      expect(again.body).toEqual(issued.body);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      const [renewed, renewedAgain] = await twice(`${path}/${issued.body['kid']}/renew`, {}, call);
      expect([path, renewed.status, renewedAgain.status]).toEqual([path, 201, 201]);
      expect(renewedAgain.body).toEqual(renewed.body);
      expect(await countOf()).toBe(before + 2);
    }
  });

  it("a repeated request for a certificate's request is answered with the one that was made by the key", async () => {
    const { keyId } = await createKey(server, tenant, 'ES256');
    const subject = { commonName: 'Vendor client' };
    const [made, again] = await twice(`${tenant.path}/keys/${keyId}/csr`, { subject }, tenant.owner);
    expect([made.status, again.status]).toEqual([200, 200]);
    // ECDSA signs differently each time.
    expect(again.body).toEqual(made.body);
  });
});
