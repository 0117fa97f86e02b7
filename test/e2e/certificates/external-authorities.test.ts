import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, systemClock } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { OutsideRoot } from '../../support/outside-root.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

const workshop = new Workshop();
const outside = new OutsideRoot(workshop);
let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let root: string;

beforeAll(async () => {
  database = await createMigratedDatabase();
  // Real time: OpenSSL makes certificates that are valid from now on.
  server = await startTestServer({ database, clock: systemClock });
  root = await outside.create('root');
});
afterAll(async () => {
  await server.close();
  await database.drop();
  workshop.clear();
});

const request = (body: object = {}): Promise<Shape> =>
  createAuthority(server, tenant, { externalIssuer: true, ...body });
const pathOf = (ca: Shape): string => `${tenant.path}/certificate-authorities/${ca['id']}`;
const upload = (ca: Shape, certificatePem: string, query = ''): Promise<Answer> =>
  server.post(`${pathOf(ca)}/certificate${query}`, { certificatePem }, tenant.owner);
const refusalOf = ({ status, body }: Answer): unknown[] => [status, body['code']];
const actionsOf = async (ca: Shape): Promise<unknown[]> => {
  const { items } = (await server.get(`${tenant.path}/audit-events?targetId=${ca['id']}`, tenant.owner)).body;
  return (items as unknown as { action: string }[])
    .map(({ action }) => action)
    .filter((action) => action !== 'request.refused');
};
/** What OpenSSL says of a certificate under the root of the workshop. */
const verified = async (leaf: Shape, crl?: Uint8Array, chain = [leaf['chain']].flat().join('')): Promise<string> => {
  workshop.write('leaf.pem', leaf['certificate']!);
  workshop.write('chain.pem', chain);
  if (crl) {
    workshop.write('list.crl', crl);
    await workshop.openssl('crl', '-inform', 'DER', '-in', 'list.crl', '-out', 'list.pem');
  }
  const lists = crl ? ['-crl_check', '-CRLfile', 'list.pem'] : [];
  return (
    await workshop.run('openssl', ['verify', '-CAfile', 'root.pem', '-untrusted', 'chain.pem', ...lists, 'leaf.pem'])
  ).text;
};

describe('an authority of an external issuer', () => {
  beforeAll(async () => {
    tenant = await createTenant(server);
  });

  it('an authority of an external issuer issues nothing and publishes nothing until its certificate is stored', async () => {
    const ca = await request({
      pathLength: 1,
      nameConstraints: { permitted: [{ kind: 'dns', value: 'acme.example' }] },
    });
    expect(ca).toMatchObject({
      state: 'pending',
      isDefault: false,
      issuer: null,
      serialNumber: null,
      certificate: null,
    });
    workshop.write('ca.csr', ca['csr']!);
    const text = await workshop.openssl('req', '-in', 'ca.csr', '-verify', '-noout', '-text');
    for (const expected of ['verify OK', 'CA:TRUE, pathlen:1', 'Certificate Sign, CRL Sign', 'DNS:acme.example']) {
      expect(text).toContain(expected);
    }
    expect(refusalOf(await issue(server, tenant))).toEqual([409, 'NO_CERTIFICATE_AUTHORITY']);
    const refused = await issue(server, tenant, { caId: ca['id'] });
    expect(refusalOf(refused)).toEqual([409, 'CA_NOT_USABLE']);
    expect(refused.body['detail']).toContain('pending: upload the certificate');
    const below = { name: 'below', subject: { commonName: 'below' }, parentId: ca['id'] };
    const child = await server.post(`${tenant.path}/certificate-authorities`, below, tenant.owner);
    expect(refusalOf(child)).toEqual([409, 'CA_NOT_USABLE']);
    expect(refusalOf(await server.get(`${pathOf(ca)}/chain`, tenant.owner))).toEqual([409, 'CA_NOT_USABLE']);
    const status = await server.get(`${pathOf(ca)}/status`, tenant.owner);
    expect(status.body).toEqual({ crl: null, ocspSigner: null, lastOcspAnswer: null });
    await workshop.openssl('ocsp', '-issuer', 'root.pem', '-serial', '1', '-reqout', 'ocsp.der');
    const asked = {
      method: 'POST',
      body: workshop.read('ocsp.der'),
      headers: { 'Content-Type': 'application/ocsp-request' },
    };
    for (const [artefact, options] of [
      ['ca.crt', {}],
      ['crl', {}],
      ['ocsp', asked],
    ] as const) {
      expect([artefact, (await fetch(`${server.url}/pki/${ca['id']}/${artefact}`, options)).status]).toEqual([
        artefact,
        404,
      ]);
    }
    expect(await actionsOf(ca)).toEqual(['certificate_authority.requested']);
    expect((await server.delete(pathOf(ca), undefined, tenant.owner)).status).toBe(204);
  });

  it('an authority of an external issuer issues under the chain that was stored, once, after a dry run that changed nothing', async () => {
    const policy = await workshop.request('policy', '/CN=policy');
    const middle = await outside.certify('root', policy);
    workshop.write('policy.pem', middle);
    const ca = await request();
    const own = await outside.certify('policy', ca['csr']!, {
      extensions: 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign',
    });
    const chain = own + middle + root;
    const foreseen = await upload(ca, chain, '?dryRun=true');
    expect([foreseen.status, foreseen.body]).toMatchObject([
      200,
      { allowed: true, impact: { issuer: 'CN=policy', pathLength: 0, replacedSerialNumber: null } },
    ]);
    expect((await server.get(pathOf(ca), tenant.owner)).body['state']).toBe('pending');
    const stored = await upload(ca, chain);
    expect([stored.status, stored.body]).toMatchObject([
      200,
      { state: 'active', isDefault: true, issuer: 'CN=policy', pathLength: 0, csr: ca['csr'], certificate: own },
    ]);
    expect((await upload(ca, chain)).body).toEqual(stored.body);
    expect(await actionsOf(ca)).toEqual(['certificate_authority.activated', 'certificate_authority.requested']);
    expect((await server.get(`${pathOf(ca)}/chain`, tenant.owner)).text).toBe(chain);
    const leaf = await issue(server, tenant, { caId: ca['id'], csr: csrPem('Below an outside root') });
    const crl = new Uint8Array(await (await fetch(`${server.url}/pki/${ca['id']}/crl`)).arrayBuffer());
    expect(await verified(leaf.body, crl)).toContain('OK');
    expect(refusalOf(await server.delete(pathOf(ca), undefined, tenant.owner))).toEqual([409, 'WRONG_STATE']);
  });

  it('an authority of an external issuer refuses every chain under which its certificates would not be accepted', async () => {
    const ca = await request();
    const csr = ca['csr']!;
    const short = await outside.create('short', '-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0');
    const constrained = await outside.create(
      'constrained',
      '-addext',
      'nameConstraints=critical,permitted;DNS:acme.example',
    );
    const other = await workshop.request('other', '/CN=other');
    const usage = (line: string): string => `basicConstraints=critical,CA:TRUE\n${line}`;
    const chains: Readonly<Record<string, readonly [string, string]>> = {
      nothing: ['INVALID_CA_CERTIFICATE', 'hello'],
      'the certificate alone': ['INVALID_CA_CERTIFICATE', await outside.certify('root', csr)],
      'another issuer': ['INVALID_CA_CERTIFICATE', (await outside.certify('root', csr)) + short],
      'the wrong order': ['INVALID_CA_CERTIFICATE', root + (await outside.certify('root', csr))],
      'another key': ['INVALID_CA_KEY', (await outside.certify('root', other)) + root],
      'no authority': [
        'INVALID_CA_CERTIFICATE',
        (await outside.certify('root', csr, { extensions: 'basicConstraints=CA:FALSE' })) + root,
      ],
      'no keyCertSign': [
        'INVALID_CA_CERTIFICATE',
        (await outside.certify('root', csr, { extensions: usage('keyUsage=cRLSign') })) + root,
      ],
      'no cRLSign': [
        'INVALID_CA_CERTIFICATE',
        (await outside.certify('root', csr, { extensions: usage('keyUsage=keyCertSign') })) + root,
      ],
      'another purpose': [
        'INVALID_CA_CERTIFICATE',
        (await outside.certify('root', csr, { extensions: usage('extendedKeyUsage=serverAuth') })) + root,
      ],
      'SHA-1': ['INVALID_CA_CERTIFICATE', (await outside.certify('root', csr, { args: ['-sha1'] })) + root],
      'a root that permits no authority below it': [
        'INVALID_CA_CERTIFICATE',
        (await outside.certify('short', csr)) + short,
      ],
      'an end that has passed': ['INVALID_CA_CERTIFICATE', (await outside.certify('root', csr, { days: -1 })) + root],
    };
    for (const [name, [code, chain]] of Object.entries(chains)) {
      expect([name, ...refusalOf(await upload(ca, chain))]).toEqual([name, 422, code]);
      expect([name, ...refusalOf(await upload(ca, chain, '?dryRun=true'))]).toEqual([name, 422, code]);
    }
    expect((await server.get(pathOf(ca), tenant.owner)).body).toEqual(ca);
    const accepted = await upload(ca, (await outside.certify('constrained', csr)) + constrained);
    expect(accepted.status).toBe(200);
    const settings = { allowedDnsNames: ['*.acme.example', '*.other.example'] };
    await server.patch(tenant.path, { settings }, tenant.owner);
    const named = async (san: string): Promise<number> =>
      (await issue(server, tenant, { caId: ca['id'], csr: csrPem('Constrained'), san: [san] })).status;
    // By the certificate of the root, which is outside of this server.
    expect([await named('a.acme.example'), await named('a.other.example')]).toEqual([201, 422]);
  });

  it('an authority of an external issuer is renewed with the same key, and what it issued before is valid under the new certificate', async () => {
    const ca = await request();
    const first = await outside.certify('root', ca['csr']!, { days: 10 });
    await upload(ca, first + root);
    const leaf = await issue(server, tenant, { caId: ca['id'], csr: csrPem('Before the renewal') });
    const next = await outside.certify('root', ca['csr']!, { days: 400 });
    const foreseen = await upload(ca, next + root, '?dryRun=true');
    const before = (await server.get(pathOf(ca), tenant.owner)).body;
    expect(foreseen.body).toMatchObject({ impact: { replacedSerialNumber: before['serialNumber'] } });
    const renewed = await upload(ca, next + root);
    expect(renewed.body).toMatchObject({ id: ca['id'], state: 'active', certificate: next });
    expect(await actionsOf(ca)).toContain('certificate_authority.renewed');
    expect(await verified(leaf.body, undefined, next)).toContain('OK');
    const published = await fetch(`${server.url}/pki/${ca['id']}/ca.crt`);
    expect(new X509Certificate(Buffer.from(await published.arrayBuffer())).toString()).toBe(next);
    const after = await issue(server, tenant, { caId: ca['id'], csr: csrPem('After the renewal') });
    expect([after.body['chain']].flat().join('')).toBe(next + root);
    const renamed = await outside.certify('root', ca['csr']!, { args: ['-subj', '/CN=renamed'] });
    expect(refusalOf(await upload(ca, renamed + root))).toEqual([422, 'INVALID_CA_CERTIFICATE']);
    const child = await createAuthority(server, tenant, { parentId: ca['id'] });
    expect(refusalOf(await upload(child, next + root))).toEqual([409, 'CA_HAS_PARENT']);
    const short = await outside.certify('root', ca['csr']!, {
      extensions: 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign',
    });
    // There is an authority below it.
    expect(refusalOf(await upload(ca, short + root))).toEqual([422, 'INVALID_CA_CERTIFICATE']);
  });

  it('a root that was created here continues below an external issuer that certified its key and name', async () => {
    const ca = await createAuthority(server, tenant);
    const leaf = await issue(server, tenant, { caId: ca['id'], csr: csrPem('Below a former root') });
    const certificate = await outside.certify('root', ca['certificate']!);
    const stored = await upload(ca, certificate + root);
    expect([stored.status, stored.body]).toMatchObject([
      200,
      { state: 'active', issuer: 'CN=root,O=Offline', csr: null },
    ]);
    expect(await verified(leaf.body, undefined, certificate)).toContain('OK');
  });

  it('an authority of an external issuer takes nothing that its issuer decides', async () => {
    const body = { name: 'refused', subject: { commonName: 'refused' }, externalIssuer: true };
    for (const decided of [{ validityDays: 5 }, { parentId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' }]) {
      const { status, text } = await server.post(
        `${tenant.path}/certificate-authorities`,
        { ...body, ...decided },
        tenant.owner,
      );
      expect([status, text]).toEqual([400, expect.stringContaining('NOT_OF_AN_EXTERNAL_ISSUER')]);
    }
  });
});

describe('an authority whose certificate never comes', () => {
  it('an authority whose certificate never comes expires after 90 days, refuses it then, and can be deleted', async () => {
    tenant = await createTenant(server);
    const ca = await request({ contacts: ['pki@acme.example'] });
    const compromised = await request();
    const revoked = await server.post(`${pathOf(compromised)}/revoke`, { reason: 'keyCompromise' }, tenant.owner);
    expect(revoked.body['state']).toBe('revoked');
    expect(refusalOf(await upload(compromised, (await outside.certify('root', compromised['csr']!)) + root))).toEqual([
      409,
      'CA_NOT_USABLE',
    ]);
    const end = Date.parse(ca['notAfter']!);
    expect(Math.round((end - systemClock.now()) / DAY)).toBe(90);
    const plain = await openPlainDataSource(database.url);
    await plain.query(
      `UPDATE certificate_authorities SET notAfter = ${systemClock.now() - 1} WHERE id = '${ca['id']}'`,
    );
    await plain.destroy();
    expect((await server.get(pathOf(ca), tenant.owner)).body['state']).toBe('expired');
    const late = (await outside.certify('root', ca['csr']!)) + root;
    expect(refusalOf(await upload(ca, late))).toEqual([409, 'CA_NOT_USABLE']);
    await server.runScheduler();
    expect(await actionsOf(ca)).toEqual(['certificate_authority.expired', 'certificate_authority.requested']);
    expect((await server.delete(pathOf(ca), undefined, tenant.owner)).status).toBe(204);
    expect(refusalOf(await server.get(pathOf(ca), tenant.owner))).toEqual([404, 'NOT_FOUND']);
    expect(await actionsOf(ca)).toContain('certificate_authority.deleted');
  });
});
