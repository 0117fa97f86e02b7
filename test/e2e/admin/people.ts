import { type Call, PASSWORD, type TestServer, type TestTenant } from '../../support/server.js';
import { joinTenant } from '../../support/people.js';

/** A member of the tenant with this role, signed in. */
export async function signIn(server: TestServer, tenant: TestTenant, role: string): Promise<Call & { userId: string }> {
  const email = `${role.replace('_', '-')}@${tenant.slug}.test`;
  const { userId } = await joinTenant(server, tenant, { email, role });
  return { token: await server.login(email, PASSWORD), userId: userId! };
}
