import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, SECOND, type ManualClock, toRfc3339 } from '#core';

import { type Application, enrolTotp, stepUp } from '../../support/factors.js';
import { joinTenant } from '../../support/people.js';
import {
  ADMIN,
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type Identifiers, fillTenant } from '../server/sample-tenant.js';

interface Operation {
  readonly method: string;
  readonly path: string;
}

const server: TestServer = await startTestServer();
const operations = await operationsWithStepUp();
let tenant: TestTenant;
/** What a call names, so that it comes to the question for a proof. */
let identifiers: Identifiers;
let platformProviderId: string;
let owner: Caller;
let admin: Caller;

/** A person with a second factor, who is signed in. */
interface Caller {
  readonly token: string;
  readonly application: Application;
  /** The header of a step-up by the password. */
  readonly byPassword: Record<string, string>;
}

beforeAll(async () => {
  tenant = await createTenant(server, 'step-up');
  const filled = await fillTenant(server, tenant);
  const key = { name: 'exportable', algorithm: 'ES256', exportable: true };
  const { id: keyId, versions } = (await server.post(`${tenant.path}/keys`, key, tenant.owner)).body;
  const [version] = versions as unknown as Shape[];
  // Only a discarded credential can be deleted.
  const credentials = `${tenant.path}/services/${filled.identifiers['serviceId']}/credentials`;
  const extra = await server.post(credentials, { authType: 'jwt', name: 'extra' }, tenant.owner);
  const credentialId: string = extra.body['id']!;
  expect((await server.post(`${credentials}/${credentialId}/discard`, undefined, tenant.owner)).status).toBe(200);
  identifiers = { ...filled.identifiers, keyId: keyId!, kid: version!['kid']!, credentialId };
  owner = {
    token: tenant.owner.token,
    application: await enrolTotp(server, tenant.owner.token),
    byPassword: await stepUp(server, tenant.owner.token, { password: PASSWORD }),
  };
  const token = await server.login();
  const ofPlatform = { ...provider, password: ADMIN.password };
  const made = await server.post('/v1/platform/identity-providers', ofPlatform, { token });
  expect(made.status).toBe(201);
  platformProviderId = made.body['id']!;
  admin = {
    token,
    application: await enrolTotp(server, token, {}, ADMIN.password),
    byPassword: await stepUp(server, token, { password: ADMIN.password }),
  };
});
afterAll(() => server.close());

/** Every call that shows `X-Step-Up` in the API document. */
async function operationsWithStepUp(): Promise<Operation[]> {
  const { paths } = (await server.get('/openapi.json')).body as unknown as {
    paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === 'X-Step-Up'))
      .map(([method]) => ({ method: method.toUpperCase(), path })),
  );
}
const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

/** What decides how people prove who they are, or makes what steps up without asking a person. */
const BY_FACTOR =
  /\/(factors|reset|verification|identity-providers|recovery-codes)(\/\{(factorId|identityProviderId)\})?$/;

const apiToken = () => ({ name: 'x', permissions: ['keys:read'], expiresAt: toRfc3339(server.clock.now() + DAY) });
/** What a call needs beside the proof, so that it asks for one. */
const bodies: Readonly<Record<string, () => object>> = {
  'POST /v1/auth/factors': () => ({ kind: 'totp', name: 'x' }),
  'DELETE /v1/tenants/{tenantId}': () => ({ confirm: tenant.slug }),
  'PATCH /v1/tenants/{tenantId}': () => ({ settings: { personalDataRetentionMonths: 1 } }),
  'POST /v1/tenants/{tenantId}/api-tokens': apiToken,
  'POST /v1/tenants/{tenantId}/service-accounts/{serviceAccountId}/api-tokens': apiToken,
  'POST /v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/regenerate': () => ({
    deleteInactive: true,
  }),
  'POST /v1/tenants/{tenantId}/credentials:rotate': () => ({ filter: {}, deleteInactive: true }),
  'POST /v1/tenants/{tenantId}/keys/{keyId}/rotate': () => ({ force: true }),
  'POST /v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/retire': () => ({ force: true }),
  'POST /v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/export': () => ({ format: 'jwk' }),
  'DELETE /v1/tenants/{tenantId}/token-profiles/{name}': () => ({ force: true }),
  'POST /v1/tenants/{tenantId}/identity-providers': () => provider,
  'POST /v1/platform/identity-providers': () => ({ ...provider }),
  'POST /v1/platform/history/keys/compromise': () => ({ number: 1 }),
};
const provider = {
  name: 'Other',
  issuer: 'https://other.example.com',
  clientId: 'chancery',
  emailDomains: ['other.example.com'],
};

const isOfPlatform = ({ method, path }: Operation): boolean =>
  /^\/v1\/(platform|users)\//.test(path) || (method === 'DELETE' && path === '/v1/tenants/{tenantId}');
const call = (
  operation: Operation,
  proof: { password?: string; headers?: Record<string, string> },
): Promise<Answer> => {
  const { method, path } = operation;
  const { password, headers = {} } = proof;
  const { token } = isOfPlatform(operation) ? admin : owner;
  const named = path.startsWith('/v1/platform/') ? { identityProviderId: platformProviderId } : identifiers;
  const known: Readonly<Record<string, string>> = { month: '2026-01', ...named };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? tenant.id);
  const body = { ...bodies[nameOf(operation)]?.(), ...(password === undefined ? {} : { password }) };
  return server.request(method, target, body, { token, headers });
};
const codeOf = ({ body }: Answer): string | undefined => body['code'];

describe('a step-up', () => {
  it.each(operations.map((operation) => [nameOf(operation), operation] as const))(
    'a step-up of an account with a second factor follows one rule: %s',
    async (_, operation) => {
      const byFactor = BY_FACTOR.test(operation.path);
      const password = isOfPlatform(operation) ? ADMIN.password : PASSWORD;
      const { byPassword } = isOfPlatform(operation) ? admin : owner;
      const FACTOR = 'SECOND_FACTOR_REQUIRED';

      expect(codeOf(await call(operation, {}))).toBe(byFactor ? FACTOR : 'PASSWORD_REQUIRED');
      const wrong = await call(operation, { password: 'a wrong password, and long' });
      expect([FACTOR, 'PASSWORD_INVALID', 'TOO_MANY_ATTEMPTS']).toContain(codeOf(wrong));
      expect(codeOf(wrong) === FACTOR).toBe(byFactor);
      expect(codeOf(await call(operation, { headers: { 'X-Step-Up': 'x' } }))).toBe('STEP_UP_INVALID');
      if (byFactor) {
        expect(codeOf(await call(operation, { password }))).toBe(FACTOR);
        expect(codeOf(await call(operation, { headers: byPassword }))).toBe(FACTOR);
      }
    },
  );

  it('a step-up is asked for by some calls that take the password and by some that do not', () => {
    const ofAccounts = operations.filter(({ path }) => BY_FACTOR.test(path));
    expect(ofAccounts.length).toBeGreaterThanOrEqual(14);
    expect(operations.length - ofAccounts.length).toBeGreaterThanOrEqual(12);
  });

  it('a step-up by a second factor resets the password of a member', async () => {
    const member = await joinTenant(server, tenant, { email: 'member@step-up.test', role: 'auditor' });
    (server.clock as ManualClock).advance(30 * SECOND);
    const headers = await stepUp(server, owner.token, { totp: owner.application.code() });
    const path = `${tenant.path}/members/${member['userId']}/reset`;
    expect((await server.post(path, {}, { token: owner.token, headers })).status).toBe(201);
  });
});
