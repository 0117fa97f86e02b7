import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '#core';
import { HolderKeys } from '#signing';

import { PlannedRows } from '../../../libs/database/planned-rows.js';
import { RateWindows } from '../../../libs/signing/rate-windows.js';
import { type WatchedIssuer, certifiedIssuer, keptIssuer, licensedHolder } from '../../faults/strict-change-table.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

// Tokens for phone numbers and updates of licenses are planned by what is committed when their turn comes. Another instance changes
// something after that, and before the plan is carried out.

let database: TestDatabase;
let server: TestServer;
let other: TestServer;
let admin: string;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock: systemClock });
  other = await startTestServer({ database, clock: systemClock });
  admin = await server.login();
});
afterAll(async () => {
  await other.close();
  await server.close();
  await database.drop();
});

const must = async (answer: Promise<Answer>): Promise<void> => {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(text);
};

async function query<Row>(statement: string): Promise<Row[]> {
  const plain = await openPlainDataSource(database.url);
  try {
    return await plain.query(statement);
  } finally {
    await plain.destroy();
  }
}

/**
 * Makes the change once, after a method of a provider has read for a plan.
 * @returns the answer to what was asked meanwhile @throws where no plan was made
 */
async function whilePlanned<Provider extends object>(
  provider: Provider,
  method: keyof Provider,
  ask: () => Promise<Answer>,
  change: () => Promise<unknown>,
): Promise<Answer> {
  const read = provider[method] as (...given: unknown[]) => Promise<unknown>;
  let isMade = false;
  const readAndChange = async (...given: unknown[]): Promise<unknown> => {
    const answer = await read.apply(provider, given);
    if (given[0] instanceof PlannedRows && !isMade) {
      isMade = true;
      await change();
    }
    return answer;
  };
  Object.assign(provider, { [method]: readAndChange });
  try {
    const answer = await ask();
    if (!isMade) throw new Error('Nothing was planned');
    return answer;
  } finally {
    Object.assign(provider, { [method]: read });
  }
}

let spare: () => Promise<Answer>;
beforeAll(async () => {
  const issuer = await keptIssuer(server, await createTenant(server));
  const { serviceKey } = issuer.service;
  spare = () => server.post(`/v1/sign/${issuer.profile}`, issuer.input, { serviceKey });
});
/** After plans that came to nothing some groups are not planned: these are others. */
beforeEach(async () => {
  for (let isPlanned = false; !isPlanned;) {
    isPlanned = await whilePlanned(server.server.app.get(RateWindows), 'admitAll', spare, async () => undefined).then(
      () => true,
      () => false,
    );
  }
});

/** The events of an action, newest first. */
async function eventsOf({ path, owner }: TestTenant, action: string): Promise<readonly Shape[]> {
  const { body } = await server.get(`${path}/audit-events?action=${action}&limit=200`, owner);
  return body['items'] as unknown as readonly Shape[];
}

describe('a token for a phone number', () => {
  interface Situation {
    readonly tenant: TestTenant;
    readonly issuer: WatchedIssuer;
    readonly sign: (input?: object, at?: TestServer) => Promise<Answer>;
    readonly whilePlanned: (change: () => Promise<unknown>, input?: object) => Promise<Answer>;
  }

  async function prepared(): Promise<Situation> {
    const tenant = await createTenant(server);
    const issuer = await keptIssuer(server, tenant);
    const { serviceKey } = issuer.service;
    const sign = (input: object = issuer.input, at = server): Promise<Answer> =>
      at.post(`/v1/sign/${issuer.profile}`, input, { serviceKey });
    await must(sign());
    const asked = (change: () => Promise<unknown>, input?: object): Promise<Answer> =>
      whilePlanned(server.server.app.get(RateWindows), 'admitAll', () => sign(input), change);
    return { tenant, issuer, sign, whilePlanned: asked };
  }

  it.each<[string, (situation: Situation) => Promise<void>, number, string]>([
    [
      'its credential is discarded',
      async ({ tenant: { path, owner }, issuer: { service } }) => {
        const credentials = `${path}/services/${service.id}/credentials`;
        const { body } = await other.get(`${credentials}?authType=service_key`, owner);
        const [{ id }] = body['items'] as unknown as [Shape];
        await must(other.post(credentials, { authType: 'service_key' }, owner));
        await must(other.post(`${credentials}/${id}/discard`, undefined, owner));
      },
      401,
      'CREDENTIAL_INACTIVE',
    ],
    [
      'its grant is withdrawn',
      ({ tenant: { path, owner }, issuer: { service } }) =>
        must(other.patch(`${path}/services/${service.id}`, { profiles: [] }, owner)),
      403,
      'PROFILE_NOT_GRANTED',
    ],
    [
      'its tenant is suspended',
      ({ tenant: { path } }) => must(other.post(`${path}/suspend`, undefined, { token: admin })),
      403,
      'TENANT_SUSPENDED',
    ],
  ])('a token for a phone number is not issued where %s after it was planned', async (_, change, status, code) => {
    const situation = await prepared();
    const answer = await situation.whilePlanned(() => change(situation));
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    const tokens = await query(`SELECT id FROM token_transactions WHERE tenantId = '${situation.tenant.id}'`);
    expect(tokens).toHaveLength(1);
  });

  it('a token for a phone number is signed by the successor of a key that is rotated after it was planned', async () => {
    const { tenant, issuer, whilePlanned: asked } = await prepared();
    const answer = await asked(() =>
      must(other.post(`${tenant.path}/keys/${issuer.keyId}/rotate`, { immediately: true }, tenant.owner)),
    );
    expect(answer.status).toBe(200);
    expect(answer.body['kid']).not.toBe(issuer.kid);
    expect((await eventsOf(tenant, 'token.issued')).map(({ kid }) => kid)).toEqual([answer.body['kid'], issuer.kid]);
  });

  it('a token for a phone number counts those that another instance issued after it was planned', async () => {
    const { sign, whilePlanned: asked } = await prepared();
    const input = { phoneNumber: '+4915199999999' };
    for (let count = 0; count < 4; count += 1) await must(sign(input));
    const answer = await asked(() => must(sign(input, other)), input);
    expect([answer.status, answer.body['code']]).toEqual([429, 'RATE_LIMITED']);
  });

  it('a token for a phone number is the one that another instance issued for its transaction after it was planned', async () => {
    const { tenant, sign, whilePlanned: asked } = await prepared();
    const input = { phoneNumber: '+4915188888888', xid: randomUUID() };
    let first: Answer | undefined;
    const again = await asked(async () => (first = await sign(input, other)), input);
    expect([again.status, again.body['token']]).toEqual([200, first!.body['token']]);
    expect((await eventsOf(tenant, 'token.repeated')).map(({ tokenId }) => tokenId)).toEqual([input.xid]);
  });
});

describe('an update of a license', () => {
  interface Situation {
    readonly tenant: TestTenant;
    readonly issuer: WatchedIssuer;
    readonly whilePlanned: (change: () => Promise<unknown>, sent?: Sent) => Promise<Answer>;
  }
  type Sent = ReturnType<NonNullable<WatchedIssuer['send']>>;

  const send = ({ path, body, token }: Sent, at = server): Promise<Answer> => at.post(path, body, { token });

  async function prepared(): Promise<Situation> {
    const tenant = await createTenant(server);
    const issuer = await licensedHolder(server, tenant);
    await must(send(issuer.send!()));
    const asked = (change: () => Promise<unknown>, sent?: Sent): Promise<Answer> =>
      whilePlanned(server.server.app.get(HolderKeys), 'find', () => send(sent ?? issuer.send!()), change);
    return { tenant, issuer, whilePlanned: asked };
  }

  it.each<[string, (situation: Situation) => Promise<unknown>]>([
    [
      'its certificate is revoked',
      ({ tenant: { path, owner }, issuer: { kid } }) =>
        must(other.post(`${path}/certificates/${kid}/revoke`, { reason: 'superseded' }, owner)),
    ],
    [
      'its certificate is put on hold',
      ({ tenant: { path, owner }, issuer: { kid } }) =>
        must(other.post(`${path}/certificates/${kid}/hold`, undefined, owner)),
    ],
    [
      'its tenant is suspended',
      ({ tenant: { path } }) => must(other.post(`${path}/suspend`, undefined, { token: admin })),
    ],
    [
      'its service is deleted',
      ({ tenant: { path, owner }, issuer: { service } }) =>
        query(`UPDATE services SET state = 'deleted' WHERE id = '${service.id}'`).then(() =>
          // What a deletion does; the other service only raises the number.
          must(other.post(`${path}/services`, { name: randomUUID() }, owner)),
        ),
    ],
    [
      'another tenant reports its key as compromised',
      async ({ issuer: { kid } }) => {
        const [row] = await query<{ publicKeyHash: string }>(
          `SELECT publicKeyHash FROM certificates WHERE kid = '${kid}'`,
        );
        await query(`INSERT INTO compromised_keys (fingerprint, reportedBy, reportedAt)
          VALUES ('${row!.publicKeyHash}', '${randomUUID()}', 1)`);
      },
    ],
  ])('an update of a license is not accepted where %s after it was planned', async (_, change) => {
    const situation = await prepared();
    const answer = await situation.whilePlanned(() => change(situation));
    expect([answer.status, answer.body['code']]).toEqual([401, 'INVALID_CERTIFICATE']);
    const revisions = await query(`SELECT id FROM license_revisions WHERE tenantId = '${situation.tenant.id}'`);
    expect(revisions).toHaveLength(1);
  });

  it('an update of a license is the revision after that which another instance accepted after it was planned', async () => {
    const { tenant, issuer, whilePlanned: asked } = await prepared();
    const answer = await asked(() => must(send(issuer.send!(), other)));
    expect([answer.status, answer.body['revision']]).toEqual([200, 3]);
    expect(await eventsOf(tenant, 'license.updated')).toHaveLength(3);
  });

  it('an update of a license is a duplicate where another instance accepted its token after it was planned', async () => {
    const { tenant, issuer, whilePlanned: asked } = await prepared();
    const sent = issuer.send!();
    const answer = await asked(() => must(send(sent, other)), sent);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DUPLICATE_JTI']);
    expect(await eventsOf(tenant, 'license.updated')).toHaveLength(2);
  });
});

describe('a token of a profile that names a certificate', () => {
  it.each<[string, (tenant: TestTenant, kid: string) => Promise<void>]>([
    [
      'its certificate is revoked',
      ({ path, owner }, kid) => must(other.post(`${path}/certificates/${kid}/revoke`, { reason: 'superseded' }, owner)),
    ],
    [
      'the authority of its certificate is revoked',
      async ({ path, owner }, kid) => {
        const { caId } = (await other.get(`${path}/certificates/${kid}`, owner)).body;
        const revoke = `${path}/certificate-authorities/${caId}/revoke`;
        await must(other.post(revoke, { reason: 'cessationOfOperation' }, owner));
      },
    ],
    [
      'another tenant reports its key',
      async ({ id }, kid) => {
        const [row] = await query<{ publicKeyHash: string }>(
          `SELECT publicKeyHash FROM certificates WHERE tenantId = '${id}' AND kid = '${kid}'`,
        );
        const reported = [row!.publicKeyHash, randomUUID(), 1].map((value) => `'${value}'`).join(', ');
        await query(`INSERT INTO compromised_keys (fingerprint, reportedBy, reportedAt) VALUES (${reported})`);
      },
    ],
  ])('a token of a profile that names a certificate is not issued where %s after it was planned', async (_, change) => {
    const tenant = await createTenant(server);
    const issuer = await certifiedIssuer(server, tenant);
    const { serviceKey } = issuer.service;
    const sign = () => server.post(`/v1/sign/${issuer.profile}`, issuer.input, { serviceKey });
    await must(sign());
    const answer = await whilePlanned(server.server.app.get(HolderKeys), 'ofProfile', sign, () =>
      change(tenant, issuer.kid),
    );
    expect([answer.status, answer.body['code']]).toEqual([409, 'KEY_NOT_USABLE']);
    expect(await eventsOf(tenant, 'token.issued')).toHaveLength(1);
  });
});
