import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, MINUTE, fromRfc3339 } from '#core';

import { createAuthority } from '../../e2e/certificates/pki.js';
import { type TestService, createService } from '../../e2e/signing/issuer.js';
import { Workshop } from '../../support/openssl.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PRINTED_CSR = readFileSync(at('xima-notebook.csr.pem'), 'utf8');
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const DEBIAN_PYTHON = '/usr/bin/python3';

let server: TestServer;
let tenant: TestTenant;
let service: TestService;
const workshop = new Workshop();

beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  await createAuthority(server, tenant, { keyAlgorithm: 'RSA-2048', subject: { commonName: 'Xima' } });
  service = await createService(server, tenant);
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

const request = (csr: string) => server.post('/v1/certificates', { csr }, service);

/** What cell 4 does to the text before it is parsed: Python's `unicode_escape` of a text without backslashes. */
function requireUntouchedByUnicodeEscape(pem: string): void {
  expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n$/);
}

/** The same steps with `openssl`, where Python or its library is not there. */
async function clientWithOpenssl(): Promise<Shape> {
  await workshop.openssl('genrsa', '-out', 'client.key', '2048');
  await workshop.openssl('req', '-new', '-key', 'client.key', '-subj', '/CN=My Awesome Reseller', '-out', 'client.csr');
  const { body } = await request(workshop.read('client.csr').toString());
  workshop.write('client.pem', body['certificate']!);
  const name = async (which: string): Promise<string> => {
    const text = await workshop.openssl('x509', '-in', 'client.pem', '-noout', `-${which}`, '-nameopt', 'RFC2253');
    return text.trim().slice(`${which}=`.length);
  };
  const subject = await name('subject');
  return { ...body, members: Object.keys(body), subject, issuer: await name('issuer') } as unknown as Shape;
}

async function client(): Promise<Shape> {
  const python = await workshop.run(DEBIAN_PYTHON, ['-c', 'import cryptography']);
  if (python.code !== 0) return clientWithOpenssl();
  const script = [at('xima-notebook.py'), `${server.url}/v1/certificates`, service.serviceKey];
  const { code, text } = await workshop.run(DEBIAN_PYTHON, script);
  if (code !== 0) throw new Error(text);
  return JSON.parse(text) as Shape;
}

describe('the notebook of the source document', () => {
  it('the notebook of the source document gets a certificate for its request and reads it as it does', async () => {
    const seen = await client();
    expect(seen).toMatchObject({ subject: 'CN=My Awesome Reseller', issuer: 'CN=Xima' });
    expect(seen['kid']).toMatch(UUID_V4);
    expect((seen['members'] as unknown as string[]).slice(0, 2)).toEqual(['kid', 'certificate']);
    const stored = await server.get(`${tenant.path}/certificates/${seen['kid']}`, tenant.owner);
    expect(stored.body).toMatchObject({ state: 'active', serviceId: service.id, keyAlgorithm: 'RSA-2048' });
  });

  it('the notebook of the source document has its printed request accepted, too', async () => {
    const { status, body } = await request(PRINTED_CSR);
    expect([status, body['subject']]).toEqual([201, 'CN=My Awesome Reseller']);
    requireUntouchedByUnicodeEscape(body['certificate']!);
    const certificate = new X509Certificate(body['certificate']!);
    expect(certificate.subject).toBe('CN=My Awesome Reseller');
    const [notBefore, notAfter] = [fromRfc3339(body['notBefore']!)!, fromRfc3339(body['notAfter']!)!];
    expect([notBefore, notAfter]).toEqual([server.clock.now() - MINUTE, server.clock.now() + 365 * DAY]);
    expect(Date.parse(certificate.validTo)).toBe(notAfter);
  });
});
