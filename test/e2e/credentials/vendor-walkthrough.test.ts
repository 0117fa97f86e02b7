import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, ManualClock, toEpochSeconds } from '#core';

import {
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { ownToken } from '../callers/own-token.js';

/**
 * "Service Key & JWT Authentication Tokens" of the vendor's document, step by step. Each step is one request, with the
 * document's words beside it. Both auth types have the same life, so the same steps are walked twice.
 */
describe.each(['service_key', 'jwt'])('rotating a credential of type %s as the vendor describes it', (authType) => {
  const clock = new ManualClock();
  let server: TestServer;
  let owner: Call;
  let credentials: string;
  let serviceId: string;
  let [first, extra]: Shape[] = [];

  beforeAll(async () => {
    server = await startTestServer({ clock });
    const tenant = await createTenant(server, 'walkthrough');
    owner = tenant.owner;
    // "Every Service provides authentication credentials (a unique service key and JWT auth credentials)."
    const created = await server.post(`${tenant.path}/services`, { name: 'order notifications' }, owner);
    expect(created.status).toBe(201);
    const { service, serviceKey, jwtCredential } = created.body;
    serviceId = service!['id']!;
    credentials = `${tenant.path}/services/${serviceId}/credentials`;
    first = authType === 'jwt' ? jwtCredential : serviceKey;
  });
  afterAll(() => server.close());

  const ask = (credential: Shape | undefined, action: string) =>
    server.post(`${credentials}/${credential!['id']}/${action}`, undefined, owner);
  const show = async (credential: Shape | undefined): Promise<Shape> =>
    (await server.get(`${credentials}/${credential!['id']}`, owner)).body;
  /** How a service shows this credential: as it is, or by a JWT that it signs now. */
  function callWith(credential: Shape | undefined): Call {
    const jwtSecret = credential!['secret']!;
    const claims = { iss: serviceId, iat: toEpochSeconds(clock.now()) };
    return authType === 'jwt'
      ? { token: ownToken({ alg: 'HS256', typ: 'JWT' }, claims, { jwtSecret }) }
      : { serviceKey: credential!['secret'] };
  }
  async function answerTo(call: Call): Promise<string> {
    const { status, body } = await server.get('/v1/whoami', call);
    return status === 200 ? 'accepted' : `${status} ${body['code']}`;
  }

  const use = (credential: Shape | undefined): Promise<string> => answerTo(callWith(credential));

  it(`rotating a credential of type ${authType}, step 1. the service has one, active; the only one cannot be discarded`, async () => {
    expect(await use(first)).toBe('accepted');
    expect(await show(first)).toMatchObject({ state: 'active', blockedActions: { discard: 'LAST_ACTIVE_CREDENTIAL' } });
  });

  it(`rotating a credential of type ${authType}, step 2. "Click Create Authentication Credential(s)": an extra one, so that clients can move over`, async () => {
    const answer = await server.post(credentials, { authType }, owner);
    expect(answer).toMatchObject({ status: 201, body: { authType, state: 'active' } });
    extra = answer.body;
    expect([await use(first), await use(extra)]).toEqual(['accepted', 'accepted']);
    for (const one of [first, extra]) expect((await show(one))['allowedActions']).toContain('discard');
  });

  it(`rotating a credential of type ${authType}, step 3. there is room for two: a third is rejected`, async () => {
    expect(await server.post(credentials, { authType }, owner)).toMatchObject({
      status: 409,
      body: { code: 'CREDENTIAL_LIMIT_REACHED' },
    });
  });

  it(`rotating a credential of type ${authType}, step 4. "Yes, Discard": its status changes to Inactive, and calls that use it fail`, async () => {
    expect(await ask(first, 'discard')).toMatchObject({ status: 200, body: { state: 'inactive' } });
    expect([await use(first), await use(extra)]).toEqual(['401 CREDENTIAL_INACTIVE', 'accepted']);
  });

  it(`rotating a credential of type ${authType}, step 5. "the Discard action for the other Active one is automatically disabled", and says why`, async () => {
    const other = await show(extra);
    expect(other['allowedActions']).not.toContain('discard');
    expect(other['blockedActions']).toMatchObject({ discard: 'LAST_ACTIVE_CREDENTIAL' });
    expect(await ask(extra, 'discard')).toMatchObject({ status: 409, body: { code: 'LAST_ACTIVE_CREDENTIAL' } });
    expect(await use(extra)).toBe('accepted');
  });

  it(`rotating a credential of type ${authType}, step 6. "Reactivate": moves to Active status, with the secret that it had`, async () => {
    expect(await ask(extra, 'reactivate')).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
    expect(await ask(first, 'reactivate')).toMatchObject({ status: 200, body: { state: 'active' } });
    expect([await use(first), await use(extra)]).toEqual(['accepted', 'accepted']);
  });

  it(`rotating a credential of type ${authType}, step 7. "You can only delete one that is in Inactive status"`, async () => {
    const remove = (body?: unknown) => server.delete(`${credentials}/${first!['id']}`, body, owner);
    expect(await remove({ password: PASSWORD })).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
    await ask(first, 'discard');
    expect(await remove()).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect(await remove({ password: 'not it' })).toMatchObject({ status: 403, body: { code: 'PASSWORD_INVALID' } });
    expect(await use(first)).toBe('401 CREDENTIAL_INACTIVE');
  });

  it(`rotating a credential of type ${authType}, step 8. "Enter the password and click Yes, Delete": it is gone; its row stays as history`, async () => {
    const answer = await server.delete(`${credentials}/${first!['id']}`, { password: PASSWORD }, owner);
    expect(answer.status).toBe(204);
    expect([await use(first), await use(extra)]).toEqual(['401 INVALID_CREDENTIALS', 'accepted']);
    expect(await show(first)).toMatchObject({
      state: 'deleted',
      allowedActions: [],
      fingerprint: first!['fingerprint'],
    });
    expect(await ask(first, 'reveal')).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
  });

  it(`rotating a credential of type ${authType}, step 9. there is room again: the next rotation can begin`, async () => {
    expect((await server.post(credentials, { authType }, owner)).status).toBe(201);
  });

  it(`rotating a credential of type ${authType}, step 10. "expires after 60 minutes": a JWT does; a service key does not`, async () => {
    const call = callWith(extra);
    clock.advance(HOUR - 1);
    expect(await answerTo(call)).toBe('accepted');
    clock.advance(1);
    expect(await answerTo(call)).toBe(authType === 'jwt' ? '401 INVALID_CREDENTIALS' : 'accepted');
    expect(await use(extra)).toBe('accepted');
  });
});
