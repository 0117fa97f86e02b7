import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EXTENDED_KEY_USAGES, OID, toPem } from '#asn1';
import { systemClock } from '#core';

import { type RequestWishes, keys, makeRequest, sanExtension } from '../../conformance/certificates/pure-samples.js';
import * as der from '../../support/asn1.js';
import { Workshop } from '../../support/openssl.js';
import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

const workshop = new Workshop();
let server: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  // Real time: openssl makes certificates that are valid from now on.
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server);
  await createAuthority(server, tenant, { allowedDnsNames: ['*.acme.example'] });
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

const MICROSOFT = '1.3.6.1.4.1.311.2.1.14';
const dnsName = (value: string): Buffer => der.implicit(2, Buffer.from(value, 'latin1'));
const pem = (wishes: Partial<RequestWishes>): string =>
  toPem('CERTIFICATE REQUEST', makeRequest({ key: keys.p256(), ...wishes }));
const rulesOf = ({ body }: Answer): string[] =>
  ((body['errors'] ?? []) as unknown as { code: string }[]).map(({ code }) => code);
const certificateOf = ({ body }: Answer): X509Certificate => new X509Certificate(body['certificate']!);

describe('requests by other programs', () => {
  it('a name under the attribute of Microsoft is certified, and CA:TRUE there is rejected', async () => {
    const named = pem({ extensionRequest: MICROSOFT, extensions: [sanExtension(dnsName('a.acme.example'))] });
    const issued = await issue(server, tenant, { csr: named });
    expect([issued.status, issued.body['san']]).toEqual([201, ['a.acme.example']]);
    const authority = der.extension(OID.basicConstraints, true, der.sequence(der.boolean(true)));
    const refused = await issue(server, tenant, { csr: pem({ extensionRequest: MICROSOFT, extensions: [authority] }) });
    expect([refused.status, rulesOf(refused)]).toEqual([422, ['CSR_CA_REQUESTED']]);
  });

  // As rcgen, asn1crypto and Mbed TLS write digitalSignature: with zero bits at the end.
  it.each(['03:03:07:80:00', '03:03:07:a0:00', '03:02:01:80', '03:02:00:80'])(
    'a request by openssl with the key usage %s is certified',
    async (usage) => {
      const csr = await workshop.request('usage', '/CN=usage', '-addext', `2.5.29.15=critical,DER:${usage}`);
      expect((await issue(server, tenant, { csr })).status).toBe(201);
    },
  );

  it('a request by openssl for the key usage of an authority is rejected, whatever zeros follow', async () => {
    const csr = await workshop.request('sign', '/CN=sign', '-addext', '2.5.29.15=critical,DER:03:02:00:06');
    expect(rulesOf(await issue(server, tenant, { csr }))).toEqual([
      'CSR_KEY_USAGE_NOT_ALLOWED',
      'CSR_KEY_USAGE_NOT_ALLOWED',
    ]);
  });

  it.each([
    ['T61String', '0x4'],
    ['BMPString', '0x800'],
    ['UniversalString', '0x100'],
    ['UTF8String', '0x2000'],
  ])('a request by openssl with its name in a %s is certified with a UTF8String', async (_, mask) => {
    const section = `[req]\nprompt=no\nutf8=yes\nstring_mask=MASK:${mask}\ndistinguished_name=n\n[n]\nCN=Grüße ${mask}\n`;
    workshop.write('strings.cnf', section);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'strings.key'];
    await workshop.openssl('req', '-new', '-config', 'strings.cnf', ...key, '-out', 'strings.csr');
    const issued = await issue(server, tenant, { csr: workshop.read('strings.csr').toString() });
    expect([issued.status, issued.body['subject']]).toEqual([201, `CN=Grüße ${mask}`]);
    expect(certificateOf(issued).raw.includes(Buffer.from(`Grüße ${mask}`))).toBe(true);
  });
});

describe('what of a request is not in its certificate', () => {
  const extension = (name: string, id: string) => ({ kind: 'extension', id, name });

  it('what of a request by openssl is not in its certificate is in the answer', async () => {
    const config = `[req]\nprompt=no\ndistinguished_name=n\nattributes=a\nreq_extensions=e\n[n]\nCN=much\n[a]
challengePassword=secret\nunstructuredName=x\n[e]\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment
subjectKeyIdentifier=hash\nsubjectAltName=DNS:b.acme.example\ntlsfeature=status_request\n1.2.3.4=DER:05:00\n`;
    workshop.write('much.cnf', config);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'much.key'];
    await workshop.openssl('req', '-new', '-config', 'much.cnf', ...key, '-out', 'much.csr');
    const issued = await issue(server, tenant, { csr: workshop.read('much.csr').toString() });
    expect([issued.status, issued.body['san']]).toEqual([201, ['b.acme.example']]);
    expect(issued.body['ignored']).toEqual(
      expect.arrayContaining([
        { kind: 'attribute', id: '1.2.840.113549.1.9.7', name: 'challengePassword' },
        { kind: 'attribute', id: '1.2.840.113549.1.9.2', name: 'unstructuredName' },
        extension('tlsFeature', '1.3.6.1.5.5.7.1.24'),
        { kind: 'extension', id: '1.2.3.4', name: null },
        { kind: 'keyUsage', id: 'keyEncipherment', name: 'keyEncipherment' },
      ]),
    );
    expect(issued.body['ignored']).toHaveLength(5);
    const renewed = await server.post(`${tenant.path}/certificates/${issued.body['kid']}/renew`, {}, tenant.owner);
    expect([renewed.status, renewed.body['ignored']]).toEqual([201, []]);
  });

  it('nothing is ignored of a request that asks for what it gets', async () => {
    expect((await issue(server, tenant)).body['ignored']).toEqual([]);
  });

  it('a key identifier of another method is ignored', async () => {
    const identifier = der.extension(OID.subjectKeyIdentifier, false, der.octetString(Buffer.alloc(20, 7)));
    const issued = await issue(server, tenant, { csr: pem({ extensions: [identifier] }) });
    expect(issued.body['ignored']).toEqual([extension('subjectKeyIdentifier', '2.5.29.14')]);
  });
});

describe('the profile of an authority', () => {
  const SERVER = ['-addext', 'extendedKeyUsage=serverAuth', '-addext', 'subjectAltName=DNS:www.acme.example'];

  it('serverAuth is rejected with the name of the setting, and given by an authority whose profile has it', async () => {
    const csr = await workshop.request('server', '/CN=www.acme.example', ...SERVER);
    const refused = await issue(server, tenant, { csr });
    expect([refused.status, rulesOf(refused)]).toEqual([422, ['CSR_EXTENDED_KEY_USAGE_NOT_ALLOWED']]);
    expect(refused.text).toContain("the authority's profile (extendedKeyUsage)");
    const profile = { extendedKeyUsage: ['serverAuth', 'clientAuth'] };
    const ca = await createAuthority(server, tenant, { profile });
    expect(ca['profile']).toMatchObject(profile);
    const issued = await issue(server, tenant, { csr, caId: ca['id'] });
    expect(issued.status).toBe(201);
    const { serverAuth, clientAuth } = EXTENDED_KEY_USAGES;
    expect(certificateOf(issued).keyUsage).toEqual([serverAuth, clientAuth]);
    const renewed = await server.post(`${tenant.path}/certificates/${issued.body['kid']}/renew`, {}, tenant.owner);
    expect(certificateOf(renewed).keyUsage).toEqual([serverAuth, clientAuth]);
  });

  it.each([[['ocspSigning']], [[]], [['serverAuth', 'serverAuth']], [['1.3.6.1.5.5.7.3.1']]])(
    'the purposes of certificates cannot be %j',
    async (extendedKeyUsage) => {
      const body = {
        name: `purposes ${extendedKeyUsage}`,
        subject: { commonName: 'x' },
        profile: { extendedKeyUsage },
      };
      const { status } = await server.post(`${tenant.path}/certificate-authorities`, body, tenant.owner);
      expect(status).toBe(400);
    },
  );

  it('a request by openssl without a common name is named by its alternative name where the profile says so', async () => {
    const csr = await workshop.request(
      'unnamed',
      '/',
      '-addext',
      'subjectAltName=DNS:C.acme.example,DNS:d.acme.example',
    );
    const refused = await issue(server, tenant, { csr });
    expect(rulesOf(refused)).toEqual(['CSR_COMMON_NAME_MISSING']);
    expect(refused.text).toContain('names.commonNameFromSan');
    const ca = await createAuthority(server, tenant, { profile: { names: { commonNameFromSan: true } } });
    const { body } = await issue(server, tenant, { csr, caId: ca['id'] });
    expect(body).toMatchObject({ subject: 'CN=c.acme.example', san: ['c.acme.example', 'd.acme.example'] });
    const again = { csr: await workshop.request('unnamed', '/', '-addext', 'subjectAltName=DNS:c.acme.example') };
    const renewed = await server.post(`${tenant.path}/certificates/${body['kid']}/renew`, again, tenant.owner);
    expect([renewed.status, renewed.body['subject']]).toEqual([201, 'CN=c.acme.example']);
    const foreign = csrPem('', { subject: der.name(), extensions: [sanExtension(dnsName('www.globex.example'))] });
    expect(rulesOf(await issue(server, tenant, { csr: foreign, caId: ca['id'] }))).toContain('CSR_DOMAIN_NOT_ALLOWED');
  });
});

describe('authorities of other programs', () => {
  async function importAuthority(name: string, ...args: string[]): Promise<Answer> {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    await workshop.openssl('req', '-x509', '-new', ...key, '-days', '30', '-out', `${name}.pem`, ...args);
    const [certificatePem, privateKey] = [`${name}.pem`, `${name}.key`].map((file) => workshop.read(file).toString());
    const body = { name, certificatePem, key: privateKey };
    return server.post(`${tenant.path}/certificate-authorities`, body, tenant.owner);
  }
  const BASIC = ['-addext', 'basicConstraints=critical,CA:TRUE'];

  it('an authority whose key usage ends with zero bits is imported, and what it issues is in DER', async () => {
    workshop.write('bare.cnf', '[req]\ndistinguished_name=n\n[n]\n');
    const usage = ['-config', 'bare.cnf', '-subj', '/CN=bits', '-addext', '2.5.29.15=critical,DER:03:02:00:06'];
    const imported = await importAuthority('bits', ...usage, ...BASIC);
    expect([imported.status, imported.text.slice(0, 200)]).toEqual([201, expect.any(String)]);
    const issued = await issue(server, tenant, { caId: imported.body['id'] });
    expect(certificateOf(issued).raw.includes(Buffer.from('03020780', 'hex'))).toBe(true);
  });

  it.each([
    ['a T61String', 'teletex', 'CN=Grüße T', 'MASK:0x4'],
    ['a BMPString', 'bmp', 'CN=Grüße B', 'MASK:0x800'],
    ['a UniversalString', 'universal', 'CN=Grüße U', 'MASK:0x100'],
  ])('an authority with %s in its name is imported and repeats it byte for byte', async (_, name, subject, mask) => {
    const section = `[req]\nprompt=no\nutf8=yes\nstring_mask=${mask}\ndistinguished_name=n\n[n]\n${subject}\n`;
    workshop.write(`${name}.cnf`, section);
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const imported = await importAuthority(name, '-config', `${name}.cnf`, ...usage, ...BASIC);
    expect([imported.status, imported.text.slice(0, 200)]).toEqual([201, expect.any(String)]);
    const { body } = await issue(server, tenant, { caId: imported.body['id'] });
    workshop.write('leaf.pem', body['certificate']!);
    expect(await workshop.openssl('verify', '-CAfile', `${name}.pem`, 'leaf.pem')).toContain('OK');
  });
});
