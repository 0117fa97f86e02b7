import type { Origin, PlatformScope, TenantScope } from '#core';
import { Database } from '#database';
import { Keys, Signer } from '#keys';
import { CallerDirectory, CredentialSecrets } from '#service-keys';
import { HolderKeys, ProfileDirectory, Signing, TokenProfiles } from '#signing';

import { CallerIdentification, actorOf } from '../../apps/server/src/http/principal.js';
import type { TestDatabase } from './database.js';
import { entities } from './entities.js';
import type { TestServer, TestTenant } from './server.js';
import { recordEvents } from './history.js';

// What the guard decides when a request arrives, so that a test can act on it later.

const originOf = (actor: Origin['actor']): Origin => ({ actor, requestId: 'test', sourceAddress: '127.0.0.1' });

export async function admitUser(
  { server }: TestServer,
  token: string,
  tenant: TestTenant,
  permission: string,
): Promise<TenantScope> {
  const callers = server.app.get(CallerIdentification);
  const principal = await callers.user({
    authorization: `Bearer ${token}`,
    sourceAddress: '127.0.0.1',
    requestId: 'test',
  });
  return callers.tenantScope(principal, tenant.id, permission, originOf(actorOf(principal)));
}

export async function admitOnPlatform(
  { server }: TestServer,
  token: string,
  permission: string,
): Promise<PlatformScope> {
  const callers = server.app.get(CallerIdentification);
  const principal = await callers.user({
    authorization: `Bearer ${token}`,
    sourceAddress: '127.0.0.1',
    requestId: 'test',
  });
  return callers.platformScope(principal, permission, originOf(actorOf(principal)));
}

export async function admitService({ server }: TestServer, serviceKey: string): Promise<TenantScope> {
  const callers = server.app.get(CallerIdentification);
  const principal = await callers.service({ serviceKey, sourceAddress: '127.0.0.1', requestId: 'test' });
  return callers.tenantScope(principal, principal.tenantId, 'tokens:sign', originOf(actorOf(principal)));
}

/**
 * The database of a server, opened without the authority check, and with numbers of configurations that never change: the
 * negative control of what the checks prevent.
 */
export const openUnchecked = ({ url }: TestDatabase, { clock }: TestServer): Promise<Database> =>
  Database.open({
    url,
    entities,
    clock,
    recorder: recordEvents,
    configurations: async (_, tenantIds) => new Map(tenantIds.map((id) => [id, 1])),
  });

/** The service that signs, on such a database. */
export function carelessSigning({ server: { app } }: TestServer, unchecked: Database): Signing {
  const parts = { ...(app.get(Signing) as unknown as Record<string, unknown>) };
  const [signer, keys, profiles, holders] = [Signer, Keys, TokenProfiles, HolderKeys].map((type) =>
    app.get<never>(type),
  );
  return Object.assign(Object.create(Signing.prototype) as Signing, {
    ...parts,
    database: unchecked,
    callers: new CallerDirectory(unchecked, app.get(CredentialSecrets)),
    directory: new ProfileDirectory(unchecked, profiles!, keys!, signer!, holders!),
  });
}
