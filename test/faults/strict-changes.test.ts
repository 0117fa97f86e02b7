import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DomainError, type TenantScope, systemClock } from '#core';
import type { Database } from '#database';
import { type SignedToken, Signing } from '#signing';

import { type TestIssuer, createIssuer, createService } from '../e2e/signing/issuer.js';
import { admitService, carelessSigning, openUnchecked } from '../support/admission.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../support/server.js';

// Two instances on one database: tokens are asked of the first while the second makes a change. A token that the first one
// begins to make after the change was acknowledged is never one that only the state before it permits.

/** 100 and more take minutes: for a change of the hot path. */
const ROUNDS = Number(process.env['CHANCERY_TEST_RACE_ROUNDS'] ?? 3);
const WORKERS = 8;
const REQUESTS_AFTERWARDS = 3;
const PAUSE_MILLISECONDS = 10;
const PATIENCE = { timeout: 60_000 + ROUNDS * 4_000 };

let database: TestDatabase;
let server: TestServer;
let other: TestServer;
let unchecked: Database;
let admin: string;

beforeAll(async () => {
  database = await createTestDatabase();
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

interface Change {
  /** Made on the second instance. */
  make(tenant: TestTenant, issuer: TestIssuer, scope: TenantScope): Promise<Answer>;
  /** Whether a token is of the state before it. */
  isOutdated(token: SignedToken, issuer: TestIssuer): boolean;
}

const always = () => true;
const signedBefore = ({ kid }: SignedToken, issuer: TestIssuer): boolean => kid === issuer.kid;
const audienceOf = ({ token }: SignedToken): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { aud?: unknown }).aud;

const CHANGES: Readonly<Record<string, Change>> = {
  'a credential is discarded': {
    make: ({ path, owner }, { service }, { actor }) =>
      other.post(`${path}/services/${service.id}/credentials/${actor.credentialId}/discard`, undefined, owner),
    isOutdated: always,
  },
  'a credential is marked as compromised': {
    make: ({ path, owner }, { service }, { actor }) =>
      other.post(`${path}/services/${service.id}/credentials/${actor.credentialId}/compromise`, {}, owner),
    isOutdated: always,
  },
  'the grant of a service is withdrawn': {
    make: ({ path, owner }, { service }) => other.patch(`${path}/services/${service.id}`, { profiles: [] }, owner),
    isOutdated: always,
  },
  'the tenant is suspended': {
    make: ({ path }) => other.post(`${path}/suspend`, undefined, { token: admin }),
    isOutdated: always,
  },
  'the key is rotated immediately': {
    make: ({ path, owner }, { keyId }) => other.post(`${path}/keys/${keyId}/rotate`, { immediately: true }, owner),
    isOutdated: signedBefore,
  },
  'the key version is marked as compromised': {
    make: ({ path, owner }, { keyId, kid }) =>
      other.post(`${path}/keys/${keyId}/versions/${kid}/compromise`, {}, owner),
    isOutdated: signedBefore,
  },
  'the profile is changed': {
    make: ({ path, owner }, { profile }) =>
      other.patch(`${path}/token-profiles/${profile}`, { audience: ['https://after.test'] }, owner),
    isOutdated: (token) => audienceOf(token) !== 'https://after.test',
  },
};

/** Tokens of the state before the change, by whether they were asked for before or after it was acknowledged. */
async function race(change: Change, signing: Pick<Signing, 'sign'>): Promise<{ before: number; after: number }> {
  const tenant = await createTenant(server);
  const issuer = await createIssuer(server, tenant, { algorithm: 'HS256', audience: ['https://before.test'] });
  const credentials = `${tenant.path}/services/${issuer.service.id}/credentials`;
  // The last active credential of its type could not be discarded.
  await server.post(credentials, { authType: 'service_key' }, tenant.owner);
  const scope = await admitService(server, issuer.service.serviceKey);
  const counted = { before: 0, after: 0 };
  let acknowledged = false;
  const underWay = Promise.withResolvers<void>();
  const worker = async (): Promise<void> => {
    for (let remaining = REQUESTS_AFTERWARDS; remaining > 0; remaining -= acknowledged ? 1 : 0) {
      // SQLite has one writer, and the second instance must find a gap.
      await delay(Math.random() * PAUSE_MILLISECONDS);
      const isAfter = acknowledged;
      try {
        const token = await signing.sign(scope, { profiles: ['*'] }, issuer.profile, {});
        underWay.resolve();
        if (change.isOutdated(token, issuer)) counted[isAfter ? 'after' : 'before'] += 1;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
      }
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  await underWay.promise;
  const { status, text } = await change.make(tenant, issuer, scope);
  if (status >= 300) throw new Error(`The change was answered ${status} ${text}`);
  acknowledged = true;
  await Promise.all(workers);
  return counted;
}

async function sum(change: Change, signing: Pick<Signing, 'sign'>): Promise<{ before: number; after: number }> {
  const total = { before: 0, after: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { before, after } = await race(change, signing);
    total.before += before;
    total.after += after;
  }
  return total;
}

describe.each(Object.entries(CHANGES))('once it is acknowledged that %s', (name, change) => {
  it(`once it is acknowledged that ${name}, no token of the state before is made`, PATIENCE, async () => {
    const { before, after } = await sum(change, server.server.app.get(Signing));
    expect([before > 0, after]).toEqual([true, 0]);
  });

  it(`negative control: once ${name}, some are made where no commit reads the number`, PATIENCE, async () => {
    expect((await sum(change, carelessSigning(server, unchecked))).after).toBeGreaterThan(0);
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
    'while the configuration changes again and again %s, every token is signed',
    PATIENCE,
    async (_, by) => {
      const tenant = await createTenant(server);
      const issuer = await createIssuer(server, tenant, { algorithm: 'HS256' });
      const changed = new AbortController();
      const answers = new Map<string, number>();
      const worker = async (): Promise<void> => {
        while (!changed.signal.aborted) {
          const { status, body } = await issuer.sign();
          const answer = `${status} ${body['code'] ?? ''}`;
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
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
      expect([...answers.keys()]).toEqual(['200 ']);
    },
  );
});
