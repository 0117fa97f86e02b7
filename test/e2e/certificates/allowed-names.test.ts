import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { AuthorityKeys } from '../../../libs/certificates/authority-keys.service.js';
import { commonName } from '../../support/asn1.js';
import { keys } from '../../conformance/certificates/pure-samples.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const outcome = ({ status, body }: { status: number; body: Shape }) =>
  status < 300 ? 'certified' : ((body['errors'] as unknown as Shape[] | undefined)?.map(({ code }) => code) ?? status);
const REJECTED = ['CSR_DOMAIN_NOT_ALLOWED'];
/** What becomes of a name: as an alternative name, and as the common name. */
const certify = async (tenant: TestTenant, name: string, body: object = {}) => [
  outcome(await issue(server, tenant, { san: [name], ...body })),
  outcome(await issue(server, tenant, { csr: csrPem(name), ...body })),
];
const CERTIFIED_TWICE = ['certified', 'certified'];
const REJECTED_TWICE = [REJECTED, REJECTED];
const setAllowed = (tenant: TestTenant, allowedDnsNames: unknown) =>
  server.patch(tenant.path, { settings: { allowedDnsNames } }, tenant.owner);

async function createService(tenant: TestTenant, name: string): Promise<{ id: string; serviceKey: string }> {
  const { body } = await server.post(`${tenant.path}/services`, { name }, tenant.owner);
  return { id: body['service']!['id']!, serviceKey: body['serviceKey']!['secret']! };
}

describe('a tenant that has allowed no DNS names', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await createTenant(server, 'acme');
    await createAuthority(server, tenant);
  });

  it.each(['evil.com', 'localhost', 'acme.internal', 'api.other.internal', 'acme.internal.evil.com', 'internal'])(
    'a tenant that has allowed no DNS names gets no certificate for %s',
    async (name) => {
      const [asAlternativeName, asCommonName] = await certify(tenant, name);
      expect(asAlternativeName).toEqual(REJECTED);
      // A common name without a dot is no host, unless it is `localhost`.
      expect(asCommonName).toEqual(name === 'internal' ? 'certified' : REJECTED);
    },
  );

  it('a tenant that has allowed no DNS names gets certificates for names under its private suffix, and for common names that are no hosts', async () => {
    expect(await certify(tenant, 'api.acme.internal')).toEqual(CERTIFIED_TWICE);
    expect(outcome(await issue(server, tenant, { csr: csrPem('My Awesome Reseller') }))).toBe('certified');
  });

  it('a tenant that has allowed no DNS names gets certificates for a service under the name of that service only', async () => {
    const service = await createService(tenant, 'Billing EU');
    for (const [name, expected] of [
      ['billing-eu.acme.internal', CERTIFIED_TWICE],
      ['node-1.billing-eu.acme.internal', CERTIFIED_TWICE],
      ['payroll.acme.internal', REJECTED_TWICE],
      ['evil.com', REJECTED_TWICE],
    ] as const) {
      expect([name, await certify(tenant, name, { serviceId: service.id })]).toEqual([name, expected]);
    }
    const ask = async (name: string) => outcome(await server.post('/v1/certificates', { csr: csrPem(name) }, service));
    expect(await ask('billing-eu.acme.internal')).toBe('certified');
    expect(await ask('payroll.acme.internal')).toEqual(REJECTED);
    expect(await ask('localhost')).toEqual(REJECTED);
  });

  it('a tenant that has allowed no DNS names still gets every name within the domains of an authority that has its own', async () => {
    const profile = { names: { domains: ['globex.example'] } };
    const { id: caId } = await createAuthority(server, tenant, { profile });
    expect(await certify(tenant, 'api.globex.example', { caId })).toEqual(CERTIFIED_TWICE);
    expect(await certify(tenant, 'api.acme.internal', { caId })).toEqual(REJECTED_TWICE);
  });
});

/** Narrows the setting once every rule has been held against a request, before what will be signed is on record. */
function narrowAfterTheRules(tenant: TestTenant, allowedDnsNames: readonly string[]): void {
  const { requireAnswer } = AuthorityKeys.prototype;
  vi.spyOn(AuthorityKeys.prototype, 'requireAnswer').mockImplementationOnce(async function (
    this: AuthorityKeys,
    authority,
  ) {
    expect((await setAllowed(tenant, allowedDnsNames)).status).toBe(200);
    return requireAnswer.call(this, authority);
  });
}

describe('the setting `allowedDnsNames`', () => {
  afterEach(() => vi.restoreAllMocks());

  it('the setting `allowedDnsNames` holds also for a request that was accepted before it was narrowed', async () => {
    const narrowed = await createTenant(server, 'narrowed');
    await createAuthority(server, narrowed);
    const name = 'api.narrowed.internal';
    const { body } = await issue(server, narrowed, { san: [name] });
    narrowAfterTheRules(narrowed, ['other.example']);
    expect(outcome(await issue(server, narrowed, { san: [name] }))).toEqual(REJECTED);
    await setAllowed(narrowed, [name]);
    narrowAfterTheRules(narrowed, ['other.example']);
    const renewed = await server.post(
      `${narrowed.path}/certificates/${body['kid']}/renew`,
      { csr: csrPem('My Awesome Reseller') },
      narrowed.owner,
    );
    expect(outcome(renewed)).toEqual(REJECTED);
    await setAllowed(narrowed, [name]);
    expect(outcome(await issue(server, narrowed, { san: [name] }))).toBe('certified');
  });

  it('the setting `allowedDnsNames` comes with the first authority of the tenant, is in its settings and in its history', async () => {
    const tenant = await createTenant(server);
    const allowedDnsNames = ['*.acme.example', 'localhost'];
    await createAuthority(server, tenant, { allowedDnsNames });
    expect((await server.get(tenant.path, tenant.owner)).body['settings']).toMatchObject({ allowedDnsNames });
    const { items } = (await server.get(`${tenant.path}/audit-events?action=tenant.changed`, tenant.owner)).body;
    expect(items).toMatchObject([{ after: { settings: { allowedDnsNames } } }]);
    expect(await certify(tenant, 'api.acme.example')).toEqual(CERTIFIED_TWICE);
    expect(await certify(tenant, 'localhost')).toEqual(CERTIFIED_TWICE);
    expect(await certify(tenant, 'acme.example')).toEqual(REJECTED_TWICE);
    // What was allowed explicitly is all that is allowed.
    expect(await certify(tenant, `api.${tenant.slug}.internal`)).toEqual(REJECTED_TWICE);
  });

  it('the setting `allowedDnsNames` is rejected with a later authority, and where it is not well-formed, and nothing is created', async () => {
    const tenant = await createTenant(server);
    const create = (name: string, allowedDnsNames: unknown) =>
      server.post(
        `${tenant.path}/certificate-authorities`,
        { name, subject: { commonName: name }, allowedDnsNames },
        tenant.owner,
      );
    const wrong = await create('wrong', ['*.com']);
    expect([wrong.status, wrong.body['errors']]).toMatchObject([
      400,
      [{ pointer: '/allowedDnsNames', code: 'INVALID_SETTING' }],
    ]);
    expect((await create('first', undefined)).status).toBe(201);
    const second = await create('second', ['evil.com']);
    expect([second.status, outcome(second)]).toEqual([400, ['NOT_THE_FIRST_AUTHORITY']]);
    const { items } = (await server.get(`${tenant.path}/certificate-authorities`, tenant.owner)).body;
    expect(items).toMatchObject([{ name: 'first' }]);
    expect(await certify(tenant, 'evil.com')).toEqual(REJECTED_TWICE);
  });

  it('the setting `allowedDnsNames` is rejected where it is not well-formed, and holds from the moment of its change', async () => {
    const tenant = await createTenant(server);
    await createAuthority(server, tenant);
    for (const wrong of ['evil.com', ['*'], ['*.com'], ['192.0.2.1'], [1], null]) {
      expect([wrong, (await setAllowed(tenant, wrong)).status]).toEqual([wrong, 400]);
    }
    expect(await certify(tenant, 'evil.com')).toEqual(REJECTED_TWICE);
    expect((await setAllowed(tenant, ['evil.com'])).status).toBe(200);
    expect(await certify(tenant, 'evil.com')).toEqual(CERTIFIED_TWICE);
  });

  it('the setting `allowedDnsNames` holds for renewals, with a request and without', async () => {
    const tenant = await createTenant(server);
    await createAuthority(server, tenant, { allowedDnsNames: ['api.acme.example'] });
    const key = keys.p256();
    const first = await issue(server, tenant, { csr: csrPem('renewed', { key }), san: ['api.acme.example'] });
    await setAllowed(tenant, ['*.other.example']);
    const renew = (body: object) =>
      server.post(`${tenant.path}/certificates/${first.body['kid']}/renew`, body, tenant.owner);
    expect(outcome(await renew({}))).toEqual(REJECTED);
    const csr = csrPem('renewed', { key, subject: commonName('renewed') });
    expect(outcome(await renew({ csr }))).toEqual(REJECTED);
    await setAllowed(tenant, ['*.acme.example']);
    expect(outcome(await renew({}))).toBe('certified');
  });
});
