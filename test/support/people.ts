import { PASSWORD, type Shape, type TestServer, type TestTenant } from './server.js';

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

/** The platform administrator has the person prove the address; the password is `PASSWORD` from then on. */
export async function verify(server: TestServer, adminPassword: string, userId: string): Promise<void> {
  const admin = { token: await server.login() };
  const started = await server.post(`/v1/users/${userId}/verification`, { password: adminPassword }, admin);
  if (started.status !== 201) throw new Error(`The verification was refused: ${started.text}`);
  const completed = await server.post('/v1/auth/reset/complete', { token: started.body['token'], password: PASSWORD });
  if (completed.status !== 204) throw new Error(`The password was refused: ${completed.text}`);
}
