import { type Call, PASSWORD, type TestServer, type TestTenant } from '../../support/server.js';

/** A member of the tenant with this role, signed in. */
export async function signIn(server: TestServer, tenant: TestTenant, role: string): Promise<Call & { userId: string }> {
  const email = `${role.replace('_', '-')}@${tenant.slug}.test`;
  const member = { email, name: role, role, password: PASSWORD };
  const added = await server.post(`${tenant.path}/members`, member, tenant.owner);
  if (added.status !== 201) throw new Error(`The member was refused: ${added.text}`);
  return { token: await server.login(email, PASSWORD), userId: added.body['userId']! };
}
