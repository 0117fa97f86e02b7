import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemOrigin } from '#core';
import { Keys } from '#keys';
import { Scheduler } from '#scheduler';

import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, issue } from '../certificates/pki.js';

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  [tenant, other] = [await createTenant(server, 'acme'), await createTenant(server, 'beside')];
});
afterAll(() => server.close());

interface Kind {
  readonly list: string;
  /** The member by which a thing is found in a path. */
  readonly key: 'id' | 'kid';
  create(owner: TestTenant, contacts: readonly string[]): Promise<Shape>;
}

let made = 0;
const created = async (answer: Promise<{ status: number; body: Shape; text: string }>): Promise<Shape> => {
  const { status, body, text } = await answer;
  if (status !== 201) throw new Error(text);
  return body;
};

const kinds: Readonly<Record<string, Kind>> = {
  service: {
    list: 'services',
    key: 'id',
    create: async ({ path, owner }, contacts) =>
      (await created(server.post(`${path}/services`, { name: `service ${++made}`, contacts }, owner)))['service']!,
  },
  key: {
    list: 'keys',
    key: 'id',
    create: ({ path, owner }, contacts) =>
      created(server.post(`${path}/keys`, { name: `key ${++made}`, algorithm: 'ES256', contacts }, owner)),
  },
  'imported key': {
    list: 'keys',
    key: 'id',
    create: ({ path, owner }, contacts) => {
      const body = { name: `key ${++made}`, algorithm: 'HS256', format: 'secret', data: 'k'.repeat(40), contacts };
      return created(server.post(`${path}/keys/import`, body, owner));
    },
  },
  certificate: {
    list: 'certificates',
    key: 'kid',
    create: async (owned, contacts) => {
      const { id: caId } = await createAuthority(server, owned);
      return created(issue(server, owned, { caId, contacts }));
    },
  },
};

const listed = async (list: string, query: string, owned = tenant): Promise<Shape[]> => {
  const { body } = await server.get(`${owned.path}/${list}?${query}`, owned.owner);
  return body['items'] as unknown as Shape[];
};

describe.each(Object.entries(kinds))('contacts of a %s', (name, { list, key, create }) => {
  const found = async (owner: string): Promise<unknown[]> =>
    (await listed(list, `owner=${encodeURIComponent(owner)}`)).map((row) => row[key]);

  it(`contacts of a ${name} are stored in one form, shown, found and changed`, async () => {
    const [first, second] = [`first-${list}@acme.test`, `second-${++made}@acme.test`];
    const thing = await create(tenant, [` ${first.toUpperCase()} `]);
    await create(other, [first]);
    await create(tenant, []);
    expect(thing['contacts']).toEqual([first]);
    expect(await found(first.toUpperCase())).toContain(thing[key]);
    const path = `${tenant.path}/${list}/${thing[key]!}`;
    const changed = await server.patch(path, { contacts: [second, first] }, tenant.owner);
    expect([changed.status, changed.body['contacts']]).toEqual([200, [second, first]]);
    expect(changed.body['version']).toBeGreaterThan(thing['version']!);
    expect(await found(second)).toEqual([thing[key]]);
    expect((await server.patch(path, { contacts: [] }, tenant.owner)).body['contacts']).toEqual([]);
    expect(await found(second)).toEqual([]);
    expect(await found(first)).not.toContain(thing[key]);
  });

  it(`contacts of a ${name} are e-mail addresses, ten at most, each once`, async () => {
    const thing = await create(tenant, []);
    const path = `${tenant.path}/${list}/${thing[key]!}`;
    const eleven = Array.from({ length: 11 }, (_, number) => `n${number}@acme.test`);
    const refused = [['nobody'], ['a@b.test\r\nBcc: c@d.test'], eleven, ['a@b.test', 'A@B.test'], ['ａ＠'], [null]];
    for (const contacts of refused) {
      const { status, body } = await server.patch(path, { contacts }, tenant.owner);
      expect([contacts, status, body['code']]).toEqual([contacts, 400, 'VALIDATION_ERROR']);
    }
    const { body } = await server.get(path, tenant.owner);
    expect(body['contacts']).toEqual([]);
  });
});

describe('contacts', () => {
  it('contacts of an authority are created, changed and recorded', async () => {
    const authority = await createAuthority(server, tenant, { contacts: ['pki@acme.test'] });
    expect(authority['contacts']).toEqual(['pki@acme.test']);
    const path = `${tenant.path}/certificate-authorities/${authority['id']!}`;
    const { status, body } = await server.patch(path, { contacts: ['ca@acme.test'] }, tenant.owner);
    expect([status, body['contacts']]).toEqual([200, ['ca@acme.test']]);
    const query = `audit-events?action=certificate_authority.changed&targetId=${authority['id']!}`;
    const { items } = (await server.get(`${tenant.path}/${query}`, tenant.owner)).body;
    expect(items).toMatchObject([{ before: { contacts: ['pki@acme.test'] }, after: { contacts: ['ca@acme.test'] } }]);
    const stale = { ...tenant.owner, headers: { 'If-Match': `"${authority['version']!}"` } };
    expect((await server.patch(path, { contacts: [] }, stale)).status).toBe(412);
  });

  it('contacts of a certificate pass to the one that renews it', async () => {
    const certificate = await kinds['certificate']!.create(tenant, ['renewal@acme.test']);
    const path = `${tenant.path}/certificates/${certificate['kid']!}/renew`;
    const renewed = await created(server.post(path, {}, tenant.owner));
    expect(renewed['contacts']).toEqual(['renewal@acme.test']);
    expect((await listed('certificates', 'owner=renewal@acme.test')).length).toBe(2);
  });

  it('contacts of a service find its credentials, those of other services do not', async () => {
    const service = await kinds['service']!.create(tenant, ['credentials@acme.test']);
    const ofOwner = await listed('credentials', 'owner=credentials@acme.test');
    expect(ofOwner.map(({ serviceId }) => serviceId)).toEqual([service['id'], service['id']]);
    const another = await kinds['service']!.create(tenant, []);
    expect(await listed('credentials', `owner=credentials@acme.test&serviceId=${another['id']!}`)).toEqual([]);
    const mine = await listed('credentials', `owner=credentials@acme.test&serviceId=${service['id']!}`);
    expect(mine.length).toBe(2);
    const filter = { owner: 'Credentials@acme.test' };
    const rotation = await server.post(`${tenant.path}/credentials:rotate`, { filter }, tenant.owner);
    expect(rotation.body).toMatchObject({ total: 2, filter: { owner: 'credentials@acme.test' } });
  });

  it('contacts of what is deleted are erased', async () => {
    const service = await kinds['service']!.create(tenant, ['gone@acme.test']);
    await server.delete(`${tenant.path}/services/${service['id']!}`, { password: PASSWORD }, tenant.owner);
    expect(await listed('services', 'owner=gone@acme.test')).toEqual([]);
    const key = await kinds['key']!.create(tenant, ['gone-key@acme.test']);
    await server.patch(tenant.path, { settings: { keyDeletionDays: 0 } }, tenant.owner);
    await server.delete(`${tenant.path}/keys/${key['id']!}`, { password: PASSWORD }, tenant.owner);
    await server.server.app.get(Scheduler).run();
    expect(await listed('keys', 'owner=gone-key@acme.test')).toEqual([]);
    const scope = { ...systemOrigin('test'), tenantId: tenant.id };
    const destroyed = await server.server.app.get(Keys).get(scope, key['id']!);
    expect(destroyed.key).toMatchObject({ state: 'destroyed', contacts: null });
  });
});
