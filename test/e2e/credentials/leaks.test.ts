import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { signIn } from '../admin/people.js';
import { statementsDuring } from '../callers/statements.js';

/** "Somebody found this string in a repository: is it one of ours?" */
describe('a string that turned up somewhere', () => {
  let server: TestServer;
  let tenant: TestTenant;
  let services = 0;

  beforeAll(async () => {
    server = await startTestServer();
    tenant = await createTenant(server, 'leaks');
  });
  afterAll(() => server.close());

  const check = (secret: string, more: object = {}, within = tenant) =>
    server.post(`${within.path}/leaks`, { secret, ...more }, within.owner);

  async function newService(within = tenant) {
    const { body } = await server.post(`${within.path}/services`, { name: `service ${++services}` }, within.owner);
    const service: Shape = body['service']!;
    const path = `${within.path}/services/${service['id']}/credentials`;
    return { service, path, serviceKey: body['serviceKey']! as Shape, jwtCredential: body['jwtCredential']! as Shape };
  }
  const use = async (serviceKey: string) => (await server.get('/v1/whoami', { serviceKey })).body['code'];

  it('a leaked string is recognised as a credential of either type, by nothing but the string', async () => {
    const { service, serviceKey, jwtCredential } = await newService();
    for (const [credential, authType] of [
      [serviceKey, 'service_key'],
      [jwtCredential, 'jwt'],
    ] as const) {
      const found = { id: credential['id'], serviceId: service['id'], authType, state: 'active', lastUsedAt: null };
      for (const text of [credential['secret']!, `  ${credential['secret']} `]) {
        const answer = await check(text);
        expect(answer).toMatchObject({ status: 200, body: { found: true, credential: found } });
        expect(answer.text).not.toContain(credential['secret']);
      }
    }
    expect(await use(serviceKey['secret']!)).toBeUndefined();
  });

  it('a leaked string with a typing error, a part of a secret, or anything else belongs to no service', async () => {
    const { serviceKey, jwtCredential } = await newService();
    const key: string = serviceKey['secret']!;
    const typo = key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    const decoded = Buffer.from(jwtCredential['secret']!, 'base64').toString('hex');
    for (const text of [
      typo,
      key.slice(0, -1),
      key.toUpperCase(),
      decoded,
      serviceKey['fingerprint']!,
      'x'.repeat(999),
    ]) {
      expect(await check(text)).toMatchObject({ status: 200, body: { found: false } });
    }
  });

  it('a leaked string of another tenant is not found: no tenant learns what others have', async () => {
    const other = await createTenant(server, 'leaks-elsewhere');
    const { serviceKey, jwtCredential } = await newService(other);
    for (const credential of [serviceKey, jwtCredential]) {
      const secret: string = credential['secret']!;
      expect((await check(secret, { compromise: true })).body).toEqual({ found: false });
      expect((await check(secret, {}, other)).body['found']).toBe(true);
    }
    expect(await use(serviceKey['secret']!)).toBeUndefined();
  });

  it('a leaked string is still recognised after the credential was deleted', async () => {
    const { path, serviceKey } = await newService();
    await server.post(path, { authType: 'service_key' }, tenant.owner);
    await server.post(`${path}/${serviceKey['id']}/discard`, undefined, tenant.owner);
    const deleted = await server.delete(`${path}/${serviceKey['id']}`, { password: PASSWORD }, tenant.owner);
    expect(deleted.status).toBe(204);
    const answer = await check(serviceKey['secret']!, { compromise: true });
    expect(answer.body).toMatchObject({ found: true, credential: { id: serviceKey['id'], state: 'deleted' } });
  });

  it('a leaked credential is rejected from then on where the finder asks for it; the last active one has a successor', async () => {
    const { path, serviceKey } = await newService();
    const secret: string = serviceKey['secret']!;
    const { body } = await check(secret, { compromise: true });
    expect(body).toMatchObject({ found: true, credential: { id: serviceKey['id'], state: 'compromised' } });
    expect(await use(secret)).toBe('CREDENTIAL_COMPROMISED');
    const revealed = await server.post(`${path}/${body['successorId']}/reveal`, undefined, tenant.owner);
    expect(await use(revealed.body['secret']!)).toBeUndefined();
    // Found a second time, it is what it is: no second successor.
    const again = await check(secret, { compromise: true });
    expect(again.body).toMatchObject({ found: true, credential: { state: 'compromised' } });
    expect(again.body['successorId']).toBeUndefined();
  });

  it('a leaked string is looked for by one hash, and is stored nowhere', async () => {
    const { serviceKey } = await newService();
    const secret: string = serviceKey['secret']!;
    const statements = await statementsDuring(() => check(secret));
    expect(statements.filter((statement) => /FROM `?"?credentials/i.test(statement)).length).toBeLessThanOrEqual(1);
    expect(server.logs.join('')).not.toContain(secret);
    const history = await server.get(`${tenant.path}/audit-events?action=credential.leak_checked`, tenant.owner);
    expect(history.body['items']).not.toHaveLength(0);
    expect(history.text).not.toContain(secret);
  });

  it.each(['limited_access', 'auditor'])('a leaked string is not checked by %s', async (role) => {
    const call = await signIn(server, tenant, role);
    const answer = await server.post(`${tenant.path}/leaks`, { secret: 'x' }, call);
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  it('a leaked string is asked for by its name, and bounded', async () => {
    for (const body of [{}, { secret: 1 }, { secret: 'x'.repeat(1_001) }, { secret: 'x', more: 1 }]) {
      const answer = await server.post(`${tenant.path}/leaks`, body, tenant.owner);
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    }
  });
});
