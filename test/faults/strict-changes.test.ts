import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Issuance } from '#certificates';
import { DomainError, systemClock } from '#core';
import { CpuQueue } from '#crypto';
import type { Database } from '#database';
import { Keys } from '#keys';
import { type SignedToken, Signing } from '#signing';
import { Vault } from '#vault';

import { createAuthority, csrPem } from '../e2e/certificates/pki.js';
import { createIssuer, createService } from '../e2e/signing/issuer.js';
import { admitService, carelessSigning, openUnchecked } from '../support/admission.js';
import { type TestDatabase, createMigratedDatabase } from '../support/database.js';
import { ADMIN, type TestServer, createTenant, startTestServer } from '../support/server.js';
import {
  CERTIFICATE_CHANGES,
  type Outdated,
  STRICT_CHANGES,
  type StrictChange,
  raceAgainst,
  watched,
} from './strict-change-table.js';

// Two instances on one database: tokens are asked of the first while the second makes a change. A token that the first one
// begins to make after the change was acknowledged is never one that only the state before it permits.

/** 100 and more take minutes: for a change of the hot path. */
const ROUNDS = Number(process.env['CHANCERY_TEST_RACE_ROUNDS'] ?? 3);
const WORKERS = 8;
const PAUSE_MILLISECONDS = 10;
const PATIENCE = { timeout: 180_000 + ROUNDS * 4_000 };

let database: TestDatabase;
let server: TestServer;
let other: TestServer;
let unchecked: Database;
let admin: string;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock: systemClock });
  other = await startTestServer({ database, clock: systemClock });
  unchecked = await openUnchecked(database, server);
  admin = await server.login();
});
afterAll(async () => {
  await unchecked.close();
  await server.close();
  await other.close();
  await database.drop();
});

/** Tokens of the state before the change, by whether they were asked for before or after it was acknowledged. */
async function race(change: StrictChange, signing: Pick<Signing, 'sign'>): Promise<Outdated> {
  const tenant = await createTenant(server);
  const issuer = await watched(server, tenant, change);
  const scope = await admitService(server, issuer.service.serviceKey);
  const ask = async (): Promise<Pick<SignedToken, 'kid' | 'token'> | undefined> => {
    // SQLite has one writer, and the second instance must find a gap.
    await delay(Math.random() * PAUSE_MILLISECONDS);
    if (issuer.send !== undefined) {
      const { path, token, body } = issuer.send();
      const { status } = await server.post(path, body, { token });
      return status === 200 ? { kid: issuer.kid, token } : undefined;
    }
    try {
      return await signing.sign(scope, { profiles: ['*'] }, issuer.profile, issuer.input);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return undefined;
    }
  };
  const isOutdated = (token: Pick<SignedToken, 'kid' | 'token'>): boolean => change.isOutdated(token, issuer);
  return raceAgainst({ workers: WORKERS, ask, isOutdated }, () => change.make(other, { tenant, issuer, scope, admin }));
}

async function sum(change: StrictChange, signing: Pick<Signing, 'sign'>): Promise<Outdated> {
  const total = { before: 0, after: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { before, after } = await race(change, signing);
    total.before += before;
    total.after += after;
  }
  return total;
}

describe.each(Object.entries(STRICT_CHANGES))('once it is acknowledged that %s', (name, change) => {
  it(`once it is acknowledged that ${name}, no token of the state before is made`, PATIENCE, async () => {
    const { before, after } = await sum(change, server.server.app.get(Signing));
    expect([before > 0, after]).toEqual([true, 0]);
  });

  it.skipIf(change.isRead)(
    `negative control: once ${name}, some are made where no commit reads the number`,
    PATIENCE,
    async () => {
      expect((await sum(change, carelessSigning(server, unchecked))).after).toBeGreaterThan(0);
    },
  );
});

describe.each(Object.entries(CERTIFICATE_CHANGES))('once it is acknowledged that %s', (name, make) => {
  it(
    `once it is acknowledged that ${name}, no certificate is issued, and none of a revoked authority is good`,
    PATIENCE,
    async () => {
      const tenant = await createTenant(server);
      const { id: caId } = await createAuthority(server, tenant);
      const issuer = await watched(server, tenant, {} as StrictChange);
      const scope = await admitService(server, issuer.service.serviceKey);
      const csr = csrPem();
      const ask = async () => {
        await delay(Math.random() * PAUSE_MILLISECONDS);
        try {
          return await server.server.app.get(Issuance).issue(scope, { csr, serviceId: issuer.service.id });
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          return undefined;
        }
      };
      const { before, after } = await raceAgainst({ workers: WORKERS, ask, isOutdated: () => true }, () =>
        make(other, { tenant, issuer, scope, admin }, caId!),
      );
      expect([before > 0, after]).toEqual([true, 0]);
      const { body: ca } = await server.get(`${tenant.path}/certificate-authorities/${caId}`, tenant.owner);
      const { body } = await server.get(`${tenant.path}/certificates?state=active&limit=200`, tenant.owner);
      if (ca['state'] === 'revoked') expect(body['items']).toEqual([]);
    },
  );
});

describe('the published keys', () => {
  const publishedAt = async (keys: Pick<Keys, 'jwks'>, tenantId: string) =>
    (await keys.jwks({ tenantId })).keys.map(({ kid }) => kid);

  /** How often a version that the second instance had acknowledged as compromised was published afterwards. */
  async function publishedLate(keys: Pick<Keys, 'jwks'>): Promise<number> {
    const tenant = await createTenant(server);
    const { keyId } = await createIssuer(server, tenant);
    const path = `${tenant.path}/keys/${keyId}`;
    let late = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { versions } = (await server.get(path, tenant.owner)).body;
      const kid = (versions as unknown as { kid: string }[])[0]!.kid;
      expect(await publishedAt(server.server.app.get(Keys), tenant.id)).toContain(kid);
      await publishedAt(keys, tenant.id);
      const { status } = await other.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner);
      expect(status).toBe(200);
      if ((await publishedAt(keys, tenant.id)).includes(kid)) late += 1;
    }
    return late;
  }

  it(
    'the published keys lack a version once another instance has acknowledged that it is compromised',
    PATIENCE,
    async () => {
      expect(await publishedLate(server.server.app.get(Keys))).toBe(0);
    },
  );

  it('negative control: the published keys hold such a version where the number is not read', PATIENCE, async () => {
    const careless = new Keys(unchecked, server.server.app.get(Vault), server.server.app.get(CpuQueue));
    expect(await publishedLate(careless)).toBeGreaterThan(0);
  });

  it('the published keys of a tenant are not found once another instance has deleted it', async () => {
    const tenant = await createTenant(server);
    const path = `${tenant.path}/.well-known/jwks.json`;
    const asked = await server.get(path);
    expect(asked.status).toBe(200);
    const again = await server.get(path, { headers: { 'If-None-Match': asked.headers.get('etag')! } });
    expect([again.status, again.text]).toEqual([304, '']);
    const proof = { password: ADMIN.password, confirm: tenant.slug };
    expect((await other.delete(tenant.path, proof, { token: admin })).status).toBeLessThan(300);
    expect((await server.get(path)).status).toBe(404);
  });
});

describe('while the configuration changes again and again', () => {
  const CHANGERS = 3;
  const CHANGES_MADE = 10;
  const instances: readonly [string, () => TestServer][] = [
    ['on the same instance', () => server],
    ['on another instance', () => other],
  ];

  it.each(instances)(
    'while the configuration changes again and again %s, every token is signed and every caller accepted',
    PATIENCE,
    async (_, by) => {
      const tenant = await createTenant(server);
      const issuer = await createIssuer(server, tenant, { algorithm: 'HS256' });
      const changed = new AbortController();
      const passGateway = () => server.get('/v1/forward-auth', issuer.service);
      const answers = new Set<string>();
      const worker = async (): Promise<void> => {
        while (!changed.signal.aborted) {
          for (const ask of [() => issuer.sign(), () => server.get('/v1/whoami', issuer.service), passGateway]) {
            const { status, body } = await ask();
            answers.add(`${status} ${body['code'] ?? ''}`);
          }
        }
      };
      const workers = Array.from({ length: WORKERS }, worker);
      const changer = async (): Promise<void> => {
        const credentials = `${tenant.path}/services/${(await createService(server, tenant)).id}/credentials`;
        const { id } = (await server.post(credentials, { authType: 'service_key' }, tenant.owner)).body;
        for (let change = 0; change < CHANGES_MADE; change += 1) {
          const action = change % 2 ? 'reactivate' : 'discard';
          const { status, text } = await by().post(`${credentials}/${id}/${action}`, undefined, tenant.owner);
          if (status >= 300) throw new Error(`The change was answered ${status} ${text}`);
        }
      };
      await Promise.all(Array.from({ length: CHANGERS }, changer));
      changed.abort();
      await Promise.all(workers);
      expect([...answers]).toEqual(['200 ']);
    },
  );
});
