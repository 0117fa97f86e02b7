import { DAY } from '#core';

import { PASSWORD, type Shape, type TestServer, type TestTenant } from './server.js';

let accounts = 0;

/** A person as the tests invite them. */
export interface Newcomer {
  readonly email: string;
  readonly role: string;
  readonly name?: string;
  readonly password?: string;
}

/** The token of an invitation by the owner of the tenant. */
export async function invite(server: TestServer, tenant: TestTenant, email: string, role: string): Promise<string> {
  const invited = await server.post(`${tenant.path}/members`, { email, role }, tenant.owner);
  if (invited.status !== 202) throw new Error(`The invitation was refused: ${invited.text}`);
  return invited.body['token']!;
}

/** A person without an account becomes a member of the tenant; the password is `PASSWORD`. */
export async function joinTenant(server: TestServer, tenant: TestTenant, newcomer: Newcomer): Promise<Shape> {
  const { email, role, name = role, password = PASSWORD } = newcomer;
  const token = await invite(server, tenant, email, role);
  const accepted = await server.post('/v1/invitations/accept', { token, name, password });
  if (accepted.status !== 201) throw new Error(`The acceptance was refused: ${accepted.text}`);
  return accepted.body;
}

/** A user whose address is verified becomes a member of a further tenant. */
export async function joinAs(server: TestServer, tenant: TestTenant, email: string, role: string): Promise<void> {
  const token = await invite(server, tenant, email, role);
  const accepted = await server.post(
    '/v1/invitations/accept',
    { token },
    { token: await server.login(email, PASSWORD) },
  );
  if (accepted.status !== 201) throw new Error(`The acceptance was refused: ${accepted.text}`);
}

/** An API token with these permissions: of the caller, or of a service account of the tenant. */
export async function createApiToken(
  server: TestServer,
  tenant: TestTenant,
  permissions: readonly string[],
  options: {
    readonly call?: { readonly token?: string };
    readonly serviceAccountId?: string;
    readonly more?: object;
  } = {},
): Promise<{ id: string; token: string }> {
  const { call = tenant.owner, serviceAccountId, more = {} } = options;
  const of = serviceAccountId === undefined ? '' : `/service-accounts/${serviceAccountId}`;
  const expiresAt = new Date(server.clock.now() + 30 * DAY).toISOString();
  const body = { name: 'a token', permissions, expiresAt, password: PASSWORD, ...more };
  const created = await server.post(`${tenant.path}${of}/api-tokens`, body, call);
  if (created.status !== 201) throw new Error(`The API token was refused: ${created.text}`);
  return { id: created.body['apiToken']!['id']!, token: created.body['token']! };
}

export async function createServiceAccount(server: TestServer, tenant: TestTenant, role: string): Promise<string> {
  const created = await server.post(
    `${tenant.path}/service-accounts`,
    { name: `${role} ${++accounts}`, role },
    tenant.owner,
  );
  if (created.status !== 201) throw new Error(`The service account was refused: ${created.text}`);
  return created.body['id']!;
}

/** The platform administrator has the person prove the address; the password is `PASSWORD` from then on. */
export async function verify(server: TestServer, adminPassword: string, userId: string): Promise<void> {
  const admin = { token: await server.login() };
  const started = await server.post(`/v1/users/${userId}/verification`, { password: adminPassword }, admin);
  if (started.status !== 201) throw new Error(`The verification was refused: ${started.text}`);
  const completed = await server.post('/v1/auth/reset/complete', { token: started.body['token'], password: PASSWORD });
  if (completed.status !== 204) throw new Error(`The password was refused: ${completed.text}`);
}
