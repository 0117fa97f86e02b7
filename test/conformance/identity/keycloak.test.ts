// A provider that others wrote: sign-in of people, and tokens of workloads. Fetched and started where it is wanted.
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { CODE, REACHABLE, begin, callOf, complete, createProvider } from '../../e2e/admin/company.js';
import { exchangeToken } from '../../e2e/callers/workload.js';
import { createService } from '../../e2e/signing/issuer.js';
import { type Keycloak, PERSON, WORKLOAD_AUDIENCE, fetchKeycloak, startKeycloak } from './keycloak.js';

const fetched = fetchKeycloak();
const whyNot = 'whyNot' in fetched ? ` (${fetched.whyNot})` : '';

describe.skipIf(whyNot !== '')(`Keycloak${whyNot}`, () => {
  let keycloak: Keycloak;
  let server: TestServer;
  let tenant: TestTenant;
  let providerId: string;

  beforeAll(async () => {
    keycloak = await startKeycloak('folder' in fetched ? fetched.folder : '');
    server = await startTestServer({ clock: systemClock, environment: REACHABLE });
    tenant = await createTenant(server);
    providerId = await createProvider(server, tenant, keycloak.issuer, {
      roleMappings: [{ group: 'platform-team', role: 'full_access' }],
    });
  }, 600_000);
  afterAll(async () => {
    await server?.close();
    await keycloak?.stop();
  });

  async function signIn() {
    const begun = await begin(server, providerId);
    return complete(server, begun['signInToken']!, await keycloak.signIn(begun['authorizationUrl']!));
  }

  /** A service that trusts the job. */
  async function trusting() {
    const { id } = await createService(server, tenant);
    const rules = {
      name: 'job',
      issuer: keycloak.issuer,
      audience: WORKLOAD_AUDIENCE,
      claims: { azp: 'checkout-job' },
    };
    const created = await server.post(`${tenant.path}/services/${id}/trusts`, rules, tenant.owner);
    expect(created.status).toBe(201);
    return { id };
  }

  it('Keycloak says of itself what a test of the provider asks', async () => {
    const test = await server.post(`${tenant.path}/identity-providers/${providerId}/test`, undefined, tenant.owner);
    expect(test).toMatchObject({ status: 200, body: { issuer: keycloak.issuer, namesIssuerInAnswers: true } });
  });

  it('Keycloak signs in a person, whose group is the role', async () => {
    const me = await server.get('/v1/auth/me', callOf(await signIn()));
    expect(me.body).toMatchObject({ user: { email: PERSON.email }, memberships: [{ role: 'full_access' }] });
  });

  it('Keycloak issues tokens by which a workload acts as a service, exchanged or as they are', async () => {
    const { id } = await createService(server, tenant);
    const rules = {
      name: 'job',
      issuer: keycloak.issuer,
      audience: WORKLOAD_AUDIENCE,
      claims: { azp: 'checkout-job' },
    };
    const trusts = `${tenant.path}/services/${id}/trusts`;
    expect((await server.post(trusts, rules, tenant.owner)).status).toBe(201);
    const token = await keycloak.workloadToken('checkout-job');
    const exchanged = await exchangeToken(server, id, token);
    expect(exchanged.status).toBe(200);
    const headers = { 'X-Service-Id': id };
    for (const call of [{ token: exchanged.body['access_token']! }, { token, headers }]) {
      expect((await server.get('/v1/whoami', call)).body).toMatchObject({ service: { id }, authType: 'workload' });
    }
    // One of another client has no such audience.
    const another = await keycloak.workloadToken('another-job');
    expect((await exchangeToken(server, id, another)).status).toBe(400);
    expect((await server.get('/v1/whoami', { token: another, headers })).status).toBe(401);
    const { items } = (await server.get(`${tenant.path}/audit-events?action=trust.refused`, tenant.owner)).body;
    expect(items![0]).toMatchObject({ details: { reason: 'AUDIENCE_NOT_TRUSTED' } });
  });

  it('Keycloak signs with another key, and its people and workloads continue', async () => {
    const { id } = await trusting();
    const before = decodeProtectedHeader(await keycloak.workloadToken('checkout-job')).kid;
    await keycloak.rotateKey();
    const token = await keycloak.workloadToken('checkout-job');
    expect(decodeProtectedHeader(token).kid).not.toBe(before);
    expect((await signIn()).status).toBe(200);
    // Its keys are read again for an unknown one at most every ten seconds.
    const status = async () => (await exchangeToken(server, id, token)).status;
    await expect.poll(status, { interval: 1_000 }).toBe(200);
  });

  it('Keycloak takes a person out of the group, who is no member from the next sign-in on', async () => {
    const call = callOf(await signIn());
    await keycloak.leaveGroup();
    expect(await signIn()).toMatchObject(CODE(403, 'IDENTITY_NOT_ADMITTED', 'NOT_A_MEMBER'));
    expect((await server.get(tenant.path, call)).status).toBeGreaterThanOrEqual(401);
  });
});
