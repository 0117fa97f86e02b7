import { systemClock } from '#core';

import type { TestDatabase } from '../support/database.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../support/server.js';

/**
 * Tenants with a signed-in owner each, made before any process is started: by a server of the test, which computes the
 * hashes of passwords cheaply. Processes need the `TEST_MASTER_KEY` to accept the owners' tokens.
 */
export async function prepareTenants(
  database: TestDatabase,
  slugs: readonly string[],
  prepare: (server: TestServer, tenant: TestTenant) => Promise<unknown> = async () => undefined,
): Promise<TestTenant[]> {
  const server = await startTestServer({ database, clock: systemClock });
  try {
    const tenants: TestTenant[] = [];
    for (const slug of slugs) {
      const tenant = await createTenant(server, slug);
      await prepare(server, tenant);
      tenants.push(tenant);
    }
    return tenants;
  } finally {
    await server.close();
  }
}
