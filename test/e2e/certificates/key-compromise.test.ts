import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TenantScope, systemClock, systemOrigin } from '#core';
import { Certificates, Issuance } from '#certificates';

import { keys } from '../../conformance/certificates/pure-samples.js';
import { Workshop } from '../../support/openssl.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, csrPem, issue, publicKeyHash } from './pki.js';

// OpenSSL verifies CRLs and OCSP answers by its own clock.
let server: TestServer;
let tenant: TestTenant;
let ca: Shape;
let names = 0;
const workshop = new Workshop();

beforeAll(async () => {
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server);
  ca = await createAuthority(server, tenant);
  workshop.write('ca.pem', ca['certificate']!);
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

const post = (path: string, body: object = {}) => server.post(`${tenant.path}${path}`, body, tenant.owner);
const revoke = (kid: string, reason: string, query = '') => post(`/certificates/${kid}/revoke${query}`, { reason });
const certificate = async (kid: string): Promise<Shape> =>
  (await server.get(`${tenant.path}/certificates/${kid}`, tenant.owner)).body;
const actionsOf = async (kid: string): Promise<string[]> => {
  const { body } = await server.get(`${tenant.path}/audit-events?kid=${kid}&order=asc`, tenant.owner);
  return (body['items'] as unknown as Shape[]).map((event) => event['action']!);
};
const stateAndReason = async (kid: string) => {
  const { state, revocationReason } = await certificate(kid);
  return [state, revocationReason];
};

/** The reason by which the CRL of the authority names a serial number. */
async function reasonInCrl(serialNumber: string, caId = ca['id']): Promise<string | undefined> {
  const answer = await fetch(`${server.url}/pki/${caId}/crl`);
  workshop.write('list.crl', Buffer.from(await answer.arrayBuffer()));
  const text = await workshop.openssl('crl', '-inform', 'DER', '-in', 'list.crl', '-noout', '-text');
  const entries = text.split('Serial Number: ').slice(1);
  const entry = entries.find((lines) => lines.toLowerCase().startsWith(serialNumber));
  return entry && (/Reason Code: *\n *(.+)/.exec(entry)?.[1] ?? 'none');
}

async function ocspOf(serialNumber: string): Promise<string> {
  const url = `${server.url}/pki/${ca['id']}/ocsp`;
  const asked = ['-issuer', 'ca.pem', '-CAfile', 'ca.pem', '-serial', `0x${serialNumber}`, '-url', url];
  const { text } = await workshop.run('openssl', ['ocsp', ...asked]);
  return [/0x[0-9a-f]+: (\w+)/i.exec(text)?.[1], /Reason: (\w+)/.exec(text)?.[1]].filter(Boolean).join(' ');
}

/** The certificate of an authority made with OpenSSL. */
async function selfSigned(privateKeyPem: string): Promise<string> {
  workshop.write('authority.key', privateKeyPem);
  const request = ['req', '-x509', '-key', 'authority.key', '-subj', '/CN=Elsewhere', '-days', '30'];
  await workshop.openssl(...request, '-out', 'authority.pem');
  return workshop.read('authority.pem').toString();
}

const newCsr = () => {
  const key = keys.p256();
  return { key, csr: csrPem('holder', { key }) };
};
const issued = async (csr: string): Promise<{ kid: string; serialNumber: string }> => {
  const { body } = await issue(server, tenant, { csr });
  return { kid: body['kid']!, serialNumber: body['serialNumber']! };
};
const importSigningKey = async (key: ReturnType<typeof keys.p256>): Promise<{ id: string; path: string }> => {
  const data = key.export({ type: 'pkcs8', format: 'pem' });
  const { body } = await post('/keys/import', {
    name: `signing key ${++names}`,
    algorithm: 'ES256',
    format: 'pem',
    data,
  });
  const [version] = body['versions'] as unknown as [{ kid: string }];
  return { id: body['id']!, path: `/keys/${body['id']}/versions/${version.kid}/compromise` };
};

describe('revoking again with keyCompromise', () => {
  it('revoking again with keyCompromise replaces a weaker reason in the row, the CRL and OCSP, and keeps the time of the revocation', async () => {
    const { kid, serialNumber } = await issued(newCsr().csr);
    const first = (await revoke(kid, 'superseded')).body;
    expect(await reasonInCrl(serialNumber)).toBe('Superseded');
    const again = await revoke(kid, 'keyCompromise');
    expect([again.status, again.body['state'], again.body['revocationReason']]).toEqual([
      200,
      'revoked',
      'keyCompromise',
    ]);
    expect(again.body['revokedAt']).toBe(first['revokedAt']);
    expect(again.body['version']).toBe(first['version']! + 1);
    expect(await reasonInCrl(serialNumber)).toBe('Key Compromise');
    expect(await ocspOf(serialNumber)).toBe('revoked keyCompromise');
    expect((await actionsOf(kid)).slice(-2)).toEqual(['certificate.revoked', 'certificate.reason_changed']);
    const { body } = await server.get(
      `${tenant.path}/audit-events?kid=${kid}&action=certificate.reason_changed`,
      tenant.owner,
    );
    expect(body['items']).toMatchObject([{ details: { reason: 'keyCompromise', previousReason: 'superseded' } }]);
  });

  it('revoking again with keyCompromise revokes the other certificates of the key and keeps the key from being certified', async () => {
    const { csr } = newCsr();
    const certificates = [await issued(csr), await issued(csr), await issued(csr)];
    const [superseded, active, held] = certificates.map(({ kid }) => kid) as [string, string, string];
    await post(`/certificates/${held}/hold`);
    await revoke(superseded, 'superseded');
    expect(await stateAndReason(active)).toEqual(['active', null]);
    await revoke(superseded, 'keyCompromise');
    for (const kid of [superseded, active, held]) {
      expect(await stateAndReason(kid)).toEqual(['revoked', 'keyCompromise']);
    }
    const refused = await issue(server, tenant, { csr });
    expect([refused.status, refused.body['code']]).toEqual([422, 'POLICY_VIOLATION']);
    expect(refused.text).toContain('CSR_KEY_COMPROMISED');
  });

  it.each(['superseded', 'unspecified', 'cACompromise'])(
    'revoking again with keyCompromise is not undone by %s',
    async (reason) => {
      const { kid } = await issued(newCsr().csr);
      const first = await revoke(kid, 'keyCompromise');
      expect((await revoke(kid, reason)).body).toEqual(first.body);
    },
  );

  it('revoking again with keyCompromise with another weak reason changes nothing', async () => {
    const { kid } = await issued(newCsr().csr);
    const first = await revoke(kid, 'superseded');
    expect((await revoke(kid, 'affiliationChanged')).body).toEqual(first.body);
    expect(await actionsOf(kid)).toEqual(['certificate.intended', 'certificate.issued', 'certificate.revoked']);
  });

  it('revoking again with keyCompromise keeps to If-Match', async () => {
    const { kid } = await issued(newCsr().csr);
    await revoke(kid, 'superseded');
    const headers = { 'If-Match': '"2"' };
    const path = `${tenant.path}/certificates/${kid}/revoke`;
    const stale = await server.post(path, { reason: 'keyCompromise' }, { ...tenant.owner, headers });
    expect(stale.status).toBe(412);
    expect(await stateAndReason(kid)).toEqual(['revoked', 'superseded']);
  });
});

describe('a dry run of revoking', () => {
  it('a dry run of revoking with keyCompromise names the other certificates of the key, and with another reason none', async () => {
    const { csr } = newCsr();
    const [one, two] = [await issued(csr), await issued(csr)];
    expect((await revoke(one.kid, 'superseded', '?dryRun=true')).body).toEqual({
      allowed: true,
      impact: { state: 'revoked' },
    });
    const expected = { allowed: true, impact: { state: 'revoked', alsoRevoked: [two.kid] } };
    expect((await revoke(one.kid, 'keyCompromise', '?dryRun=true')).body).toEqual(expected);
    await revoke(one.kid, 'superseded');
    expect((await revoke(one.kid, 'keyCompromise', '?dryRun=true')).body).toEqual(expected);
    await revoke(one.kid, 'keyCompromise');
    expect((await revoke(one.kid, 'keyCompromise', '?dryRun=true')).body).toEqual({
      allowed: true,
      impact: { state: 'revoked' },
    });
  });
});

describe('what a report of a compromised key also revokes', () => {
  /** An imported authority, a signing key and a certificate of one key. */
  const sharing = async () => {
    const { key, csr } = newCsr();
    const data = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    // A key of an authority is certified no more.
    const { kid } = await issued(csr);
    const certificatePem = await selfSigned(data);
    const authorityId = (await post('/certificate-authorities', { name: `CA ${++names}`, certificatePem, key: data }))
      .body['id']!;
    const { path } = await importSigningKey(key);
    const below = (await issue(server, tenant, { caId: authorityId })).body['kid']!;
    return { authorityId, path, kid, below, version: path.split('/').at(-2)! };
  };

  it('what a report of a compromised key also revokes is named by the dry run of revoking a certificate', async () => {
    const { kid, authorityId, version } = await sharing();
    expect((await revoke(kid, 'superseded', '?dryRun=true')).body['impact']).toEqual({ state: 'revoked' });
    expect((await revoke(kid, 'keyCompromise', '?dryRun=true')).body['impact']).toEqual({
      state: 'revoked',
      authorities: [authorityId],
      keyVersions: [version],
    });
    await revoke(kid, 'keyCompromise');
    expect((await revoke(kid, 'keyCompromise', '?dryRun=true')).body['impact']).toEqual({ state: 'revoked' });
  });

  it('what a report of a compromised key also revokes is named by the dry run of revoking an authority', async () => {
    const { authorityId, version, kid } = await sharing();
    const revokeAuthority = `/certificate-authorities/${authorityId}/revoke`;
    const foreseen = async (reason: string) =>
      (await post(`${revokeAuthority}?dryRun=true`, { reason })).body['impact'];
    expect(await foreseen('superseded')).toEqual({ authorities: 1, certificates: 1 });
    expect(await foreseen('keyCompromise')).toEqual({ authorities: 1, certificates: 2, keyVersions: [version] });
    await post(revokeAuthority, { reason: 'superseded' });
    expect(await foreseen('cessationOfOperation')).toEqual({ authorities: 0, certificates: 0 });
    expect(await foreseen('keyCompromise')).toEqual({ authorities: 1, certificates: 1, keyVersions: [version] });
    await post(revokeAuthority, { reason: 'keyCompromise' });
    expect(await stateAndReason(kid)).toEqual(['revoked', 'keyCompromise']);
    expect(await foreseen('keyCompromise')).toEqual({ authorities: 0, certificates: 0 });
  });

  it('what a report of a compromised key also revokes is named by the dry run of compromising a version', async () => {
    const { path, kid, authorityId } = await sharing();
    expect((await post(`${path}?dryRun=true`)).body['impact']).toMatchObject({
      certificates: [kid],
      authorities: [authorityId],
      safeNow: false,
    });
  });

  it('a shared secret that was imported twice is compromised in both keys, named before, and each signs with a successor', async () => {
    const data = randomBytes(32).toString('base64');
    const imported = async () => {
      const request = { name: `secret ${++names}`, algorithm: 'HS256', format: 'secret-base64', data };
      const { body } = await post('/keys/import', request);
      return { path: `/keys/${body['id']}`, kid: (body['versions'] as unknown as Shape[])[0]!['kid']! };
    };
    const [one, two] = [await imported(), await imported()];
    await post('/keys', { name: `secret ${++names}`, algorithm: 'HS256' });
    const compromise = `${one.path}/versions/${one.kid}/compromise`;
    expect((await post(`${compromise}?dryRun=true`)).body['impact']).toMatchObject({
      keyVersions: [two.kid],
      safeNow: false,
    });
    expect((await post(compromise)).status).toBe(200);
    for (const { path } of [one, two]) {
      const { body } = await server.get(`${tenant.path}${path}`, tenant.owner);
      const states = (body['versions'] as unknown as Shape[]).map(({ state }) => state);
      expect(states).toEqual(['active', 'compromised']);
    }
  });
});

describe('compromising a version of a signing key', () => {
  it('compromising a version of a signing key revokes its certificates, marks the CRL and says so before', async () => {
    const { key, csr } = newCsr();
    const { path } = await importSigningKey(key);
    const { kid, serialNumber } = await issued(csr);
    const dryRun = await post(`${path}?dryRun=true`);
    expect(dryRun.body).toMatchObject({ allowed: true, impact: { certificates: [kid], safeNow: false } });
    expect(await stateAndReason(kid)).toEqual(['active', null]);
    expect((await post(path)).status).toBe(200);
    expect(await stateAndReason(kid)).toEqual(['revoked', 'keyCompromise']);
    expect(await reasonInCrl(serialNumber)).toBe('Key Compromise');
    expect(await actionsOf(kid)).toContain('certificate.revoked');
  });

  it('compromising a version of a signing key revokes an authority that has the same key, with what it issued', async () => {
    const root = await createAuthority(server, tenant);
    const { key } = newCsr();
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    workshop.write('sub.key', pem);
    await workshop.openssl('req', '-x509', '-key', 'sub.key', '-subj', '/CN=Sub', '-days', '30', '-out', 'sub.pem');
    const certificatePem = workshop.read('sub.pem').toString();
    const sub = await post('/certificate-authorities', { name: 'same key', certificatePem, key: pem });
    expect(sub.status).toBe(201);
    const below = (await issue(server, tenant, { caId: sub.body['id'] })).body;
    const { path } = await importSigningKey(key);
    expect((await post(path)).status).toBe(200);
    const after = await server.get(`${tenant.path}/certificate-authorities/${sub.body['id']}`, tenant.owner);
    expect(after.body).toMatchObject({ state: 'revoked', revocationReason: 'keyCompromise' });
    expect(await stateAndReason(below['kid']!)).toEqual(['revoked', 'cACompromise']);
    const untouched = await server.get(`${tenant.path}/certificate-authorities/${root['id']}`, tenant.owner);
    expect(untouched.body['state']).toBe('active');
  });
});

describe('the signing keys that have the key of a certificate', () => {
  const keyOf = async ({ id }: { id: string }): Promise<Shape> =>
    (await server.get(`${tenant.path}/keys/${id}`, tenant.owner)).body;
  const statesOf = async (signingKey: { id: string }): Promise<string[]> =>
    ((await keyOf(signingKey))['versions'] as unknown as Shape[]).map(({ state }) => state!);
  const jwks = async (): Promise<string> => (await server.get(`${tenant.path}/jwks.json`)).text;
  const compromised = async ({ id }: { id: string }): Promise<Shape[]> => {
    const query = `targetId=${id}&action=key.version_compromised`;
    return (await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)).body['items'] as unknown as Shape[];
  };

  it.each([
    ['at first', (kid: string) => revoke(kid, 'keyCompromise')],
    ['again', async (kid: string) => revoke(kid, 'superseded').then(() => revoke(kid, 'keyCompromise'))],
  ] as const)(
    'the signing keys that have the key of a certificate are compromised when it is revoked for keyCompromise %s',
    async (_, revokeIt) => {
      const { key, csr } = newCsr();
      const [one, two] = [await importSigningKey(key), await importSigningKey(key)];
      const untouched = await importSigningKey(keys.p256());
      const { kid } = await issued(csr);
      expect((await revokeIt(kid)).status).toBe(200);
      for (const signingKey of [one, two]) {
        expect(await statesOf(signingKey)).toEqual(['active', 'compromised']);
        expect(await compromised(signingKey)).toHaveLength(1);
        expect(await jwks()).not.toContain(/versions\/(.+)\/compromise/.exec(signingKey.path)![1]);
      }
      expect(await statesOf(untouched)).toEqual(['active']);
      const data = key.export({ type: 'pkcs8', format: 'pem' });
      const again = { name: `signing key ${++names}`, algorithm: 'ES256', format: 'pem', data };
      expect((await post('/keys/import', again)).body).toMatchObject({ code: 'KEY_COMPROMISED' });
    },
  );

  it('the signing keys that have the key of a certificate stay as they are when it is revoked for another reason', async () => {
    const { key, csr } = newCsr();
    const signingKey = await importSigningKey(key);
    await revoke((await issued(csr)).kid, 'superseded');
    expect(await statesOf(signingKey)).toEqual(['active']);
  });

  it('the signing keys that have the key of an authority are compromised with it', async () => {
    const { key } = newCsr();
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    workshop.write('both.key', pem);
    await workshop.openssl('req', '-x509', '-key', 'both.key', '-subj', '/CN=Both', '-days', '30', '-out', 'both.pem');
    const certificatePem = workshop.read('both.pem').toString();
    const authority = await post('/certificate-authorities', { name: 'both', certificatePem, key: pem });
    const signingKey = await importSigningKey(key);
    await post(`/certificate-authorities/${authority.body['id']}/revoke`, { reason: 'keyCompromise' });
    expect(await statesOf(signingKey)).toEqual(['active', 'compromised']);
  });

  it('the signing keys that have the key of a compromised version are compromised, too, and a deleted one gets no successor', async () => {
    const { key } = newCsr();
    const [one, two, gone] = [await importSigningKey(key), await importSigningKey(key), await importSigningKey(key)];
    await server.delete(`${tenant.path}/keys/${gone.id}`, { password: PASSWORD }, tenant.owner);
    expect((await post(one.path)).status).toBe(200);
    for (const signingKey of [one, two]) expect(await statesOf(signingKey)).toEqual(['active', 'compromised']);
    expect(await statesOf(gone)).toEqual(['compromised']);
  });
});

describe('an authority that was revoked', () => {
  it('an authority that was revoked can be revoked again because its key was compromised; its issuer lists the new reason', async () => {
    const root = await createAuthority(server, tenant);
    const sub = await createAuthority(server, tenant, { parentId: root['id'] });
    const path = `/certificate-authorities/${sub['id']}/revoke`;
    await post(path, { reason: 'superseded' });
    expect(await reasonInCrl(sub['serialNumber']!, root['id'])).toBe('Superseded');
    expect((await post(path, { reason: 'keyCompromise' })).body).toMatchObject({ revocationReason: 'keyCompromise' });
    expect(await reasonInCrl(sub['serialNumber']!, root['id'])).toBe('Key Compromise');
    expect((await post(path, { reason: 'superseded' })).body).toMatchObject({ revocationReason: 'keyCompromise' });
    const { body } = await server.get(
      `${tenant.path}/audit-events?targetId=${sub['id']}&action=certificate_authority.reason_changed`,
      tenant.owner,
    );
    expect(body['items']).toHaveLength(1);
  });
});

describe('a certificate that is being issued while its key is compromised', () => {
  /** Runs `meanwhile` between the decision and the commit with that number of an issuance: 1 records the intent, 2 the certificate. */
  async function issueWith(csr: string, number: 1 | 2, meanwhile: () => Promise<unknown>): Promise<Error> {
    const { app, installation } = server.server;
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
    const { database } = installation;
    const original = database.commit.bind(database);
    let count = 0;
    database.commit = async <Result>(...[scope, prepare]: Parameters<typeof original<Result>>) => {
      count += 1;
      let isWatched = count === number;
      return original(scope, async () => {
        const work = await prepare();
        if (isWatched) await meanwhile();
        isWatched = false;
        return work;
      });
    };
    try {
      await app.get(Issuance).issue(scope, { csr });
      throw new Error('It was issued');
    } catch (error) {
      return error as Error;
    } finally {
      database.commit = original;
    }
  }

  it.each([
    ['before it is on record', 1, ['revoked']],
    ['before it is finished', 2, ['revoked', 'revoked']],
  ] as const)(
    'a certificate that is being issued while its key is compromised, %s, is not issued',
    async (_, number, states) => {
      const { key, csr } = newCsr();
      const { kid } = await issued(csr);
      const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
      const certificates = server.server.app.get(Certificates);
      const failed = await issueWith(csr, number, () => certificates.revoke(scope, kid, 'keyCompromise'));
      expect(failed).toMatchObject({ code: 'POLICY_VIOLATION', errors: [{ code: 'CSR_KEY_COMPROMISED' }] });
      const { body } = await server.get(`${tenant.path}/certificates?limit=200&subject=holder`, tenant.owner);
      const ofKey = (body['items'] as unknown as Shape[]).filter(
        (each) => each['publicKeyHash'] === publicKeyHash(key),
      );
      expect(ofKey.map((each) => each['state'])).toEqual(states);
    },
  );
});
