import { spawnSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock, systemOrigin } from '#core';
import { Signer } from '#keys';

import { createAuthority, csrPem, issue } from '../../e2e/certificates/pki.js';
import { createIssuer } from '../../e2e/signing/issuer.js';
import { Workshop } from '../../support/openssl.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

// Relying parties go by their own clock, so that of the server is the real one.
let server: TestServer;
let tenant: TestTenant;
const workshop = new Workshop();

beforeAll(async () => {
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server);
  if (!JAVA_IS_INSTALLED) return;
  const source = join(import.meta.dirname, 'Validate.java');
  const compiled = await workshop.run('javac', [...JAVA.map((option) => `-J${option}`), '-d', '.', source]);
  expect(compiled).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

async function download(path: string, file: string): Promise<string> {
  const answer = await fetch(server.url + path, { headers: { Authorization: `Bearer ${tenant.owner.token}` } });
  expect([path, answer.status]).toEqual([path, 200]);
  return workshop.write(file, Buffer.from(await answer.arrayBuffer()));
}

/** The extensions of a certificate, all of them, as `openssl x509 -text` names them. */
async function extensionsOf(file: string): Promise<string[]> {
  const text = await workshop.openssl('x509', '-in', file, '-noout', '-text');
  const section = /X509v3 extensions:\n([^]*?)\n {4}Signature Algorithm/.exec(text)?.[1] ?? '';
  // Names are at this depth, what they say is deeper; one that openssl does not know is listed by its number.
  return [...section.matchAll(/^ {12}(\S[^:\n]*): ?(critical)?/gm)].map(([, name, critical]) =>
    critical ? `${name}: critical` : name!,
  );
}

const LEAF = [
  'X509v3 Basic Constraints: critical',
  'X509v3 Key Usage: critical',
  'X509v3 Extended Key Usage',
  'X509v3 Subject Key Identifier',
  'X509v3 Authority Key Identifier',
  'X509v3 CRL Distribution Points',
  'Authority Information Access',
];
const ROOT = [
  'X509v3 Basic Constraints: critical',
  'X509v3 Key Usage: critical',
  'X509v3 Subject Key Identifier',
  'X509v3 Authority Key Identifier',
];

const GNUTLS_IS_INSTALLED = spawnSync('certtool', ['--version']).status === 0;
const JAVA_IS_INSTALLED = ['java', 'javac'].every((program) => spawnSync(program, ['--version']).status === 0);
/** A program that ends within a second gains nothing from a second compiler and from collectors in threads of their own. */
const JAVA = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

describe.each([
  ['P-256', 'P-384'],
  ['RSA-2048', 'P-256'],
  ['P-384', 'RSA-2048'],
])('a %s root and a %s intermediate', (ofRoot, ofIntermediate) => {
  let root: Shape;
  let ca: Shape;
  let kid: string;
  const named = (file: string) => `${ofRoot}-${file}`;
  const chainOptions = () => ['-CAfile', named('root.pem'), '-untrusted', named('ca.pem')];

  beforeAll(async () => {
    root = await createAuthority(server, tenant, { keyAlgorithm: ofRoot, pathLength: 1 });
    const profile = { names: { domains: ['example.com'] } };
    ca = await createAuthority(server, tenant, { keyAlgorithm: ofIntermediate, parentId: root['id'], profile });
    const issued = await issue(server, tenant, { caId: ca['id'], san: ['client.example.com'], csr: csrPem('client') });
    expect(issued.status).toBe(201);
    kid = issued.body['kid']!;
    workshop.write(named('root.pem'), root['certificate']!);
    workshop.write(named('ca.pem'), ca['certificate']!);
    workshop.write(named('leaf.pem'), issued.body['certificate']!);
    workshop.write(named('both.pem'), `${root['certificate']}${ca['certificate']}`);
    workshop.write(named('path.pem'), `${issued.body['certificate']}${issued.body['chain']}`);
  });

  /** Fetches both lists and asks `openssl verify` and GnuTLS about the certificate. */
  async function verdicts(): Promise<{ openssl: string; gnutls: string | undefined }> {
    for (const [id, file] of [
      [root['id'], 'root.crl'],
      [ca['id'], 'ca.crl'],
    ] as const) {
      await download(`/pki/${id}/crl`, named(`${file}.der`));
      await workshop.openssl('crl', '-inform', 'DER', '-in', named(`${file}.der`), '-out', named(file));
    }
    workshop.write(named('all.crl'), Buffer.concat([workshop.read(named('root.crl')), workshop.read(named('ca.crl'))]));
    const strict = ['verify', '-x509_strict', '-crl_check_all', '-CRLfile', named('all.crl')];
    const purpose = ['-purpose', 'sslclient'];
    const openssl = await workshop.run('openssl', [...strict, ...purpose, ...chainOptions(), named('leaf.pem')]);
    const trust = ['--load-ca-certificate', named('root.pem'), '--load-crl', named('all.crl')];
    // Where GnuTLS is not installed, its verdict is left to the run that installs it.
    const gnutls = GNUTLS_IS_INSTALLED
      ? await workshop.run('certtool', ['--verify', ...trust, '--infile', named('path.pem')])
      : undefined;
    return { openssl: openssl.text, gnutls: gnutls?.text };
  }

  /** What Java says after it has asked the responder, and then fetched the CRL, that each certificate names. */
  async function javaVerdicts(): Promise<string[]> {
    const { text } = await workshop.run('java', [
      ...JAVA,
      '-cp',
      '.',
      'Validate',
      named('root.pem'),
      named('path.pem'),
    ]);
    return text.trim().split('\n');
  }

  const askOcsp = async (...options: string[]): Promise<string> => {
    const url = `${server.url}/pki/${ca['id']}/ocsp`;
    const issuer = ['-issuer', named('ca.pem'), '-CAfile', named('both.pem')];
    const { text } = await workshop.run('openssl', ['ocsp', ...issuer, '-url', url, ...options]);
    return text;
  };

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate are accepted by OpenSSL and GnuTLS, with their CRLs`, async () => {
    const { openssl, gnutls } = await verdicts();
    expect(openssl).toContain(`${named('leaf.pem')}: OK`);
    if (gnutls !== undefined)
      expect(gnutls).toContain('Chain verification output: Verified. The certificate is trusted.');
  });

  if (JAVA_IS_INSTALLED) {
    it(`a ${ofRoot} root and a ${ofIntermediate} intermediate are accepted by Java, with OCSP and with CRLs`, async () => {
      expect(await javaVerdicts()).toEqual(['OCSP: VALID', 'CRL: VALID']);
    });
  }

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate have exactly the extensions that they should`, async () => {
    expect(await extensionsOf(named('root.pem'))).toEqual(ROOT);
    expect(await extensionsOf(named('ca.pem'))).toEqual([...ROOT, ...LEAF.slice(-2)]);
    const withNames = [...LEAF.slice(0, 5), 'X509v3 Subject Alternative Name', ...LEAF.slice(5)];
    expect(await extensionsOf(named('leaf.pem'))).toEqual(withNames);
    const text = await workshop.openssl('x509', '-in', named('leaf.pem'), '-noout', '-text');
    expect(text).toMatch(/Basic Constraints: critical\n\s+CA:FALSE\n/);
    expect(text).toMatch(/X509v3 Key Usage: critical\n\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: \n\s+TLS Web Client Authentication\n/);
    expect(text).toContain(`URI:${server.url}/pki/${ca['id']}/crl`);
    expect(text).toContain(`OCSP - URI:${server.url}/pki/${ca['id']}/ocsp`);
    expect(text).toContain(`CA Issuers - URI:${server.url}/pki/${ca['id']}/ca.crt`);
  });

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate publish their certificates where the leaf says`, async () => {
    await download(`/pki/${ca['id']}/ca.crt`, named('published.der'));
    const pem = await workshop.openssl('x509', '-inform', 'DER', '-in', named('published.der'));
    expect(pem).toBe(ca['certificate']);
  });

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate have CRLs that OpenSSL reads and verifies`, async () => {
    const crl = ['crl', '-inform', 'DER', '-in', named('ca.crl.der'), '-noout', '-CAfile', named('both.pem')];
    const text = await workshop.openssl(...crl, '-text');
    expect(text).toContain('verify OK');
    expect(text).toMatch(/X509v3 CRL Number: \n\s+\d+\n/);
    expect(text).toContain('No Revoked Certificates.');
  });

  it.each([['with a nonce'], ['without one', '-no_nonce']])(
    `a ${ofRoot} root and a ${ofIntermediate} intermediate answer \`good\` and \`unknown\`, %s`,
    async (_, ...options) => {
      const good = await askOcsp('-cert', named('leaf.pem'), ...options);
      expect(good).toContain('Response verify OK');
      expect(good).toContain(`${named('leaf.pem')}: good`);
      // OpenSSL warns where it asked with a nonce and the answer has none.
      expect(good).not.toContain('WARNING');
      const unknown = await askOcsp('-serial', '0x4f2a9c1be07d5a8831f6c0de42ab7719', ...options);
      expect(unknown).toContain('Response verify OK');
      expect(unknown).toContain('0x4f2a9c1be07d5a8831f6c0de42ab7719: unknown');
    },
  );

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate answer nothing about the certificates of others`, async () => {
    const url = `${server.url}/pki/${ca['id']}/ocsp`;
    const args = ['ocsp', '-issuer', named('root.pem'), '-cert', named('ca.pem'), '-url', url];
    const { text } = await workshop.run('openssl', [...args, '-CAfile', named('both.pem')]);
    expect(text).toContain(`${named('ca.pem')}: unknown`);
  });

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate answer by GET as by POST, by a delegate with exactly the extensions that it should have`, async () => {
    const ask = ['ocsp', '-issuer', named('ca.pem'), '-cert', named('leaf.pem'), '-no_nonce'];
    await workshop.openssl(...ask, '-reqout', named('request.der'));
    const request = encodeURIComponent(workshop.read(named('request.der')).toString('base64'));
    const answer = await fetch(`${server.url}/pki/${ca['id']}/ocsp/${request}`);
    expect(answer.headers.get('content-type')).toBe('application/ocsp-response');
    expect(answer.headers.get('cache-control')).toContain('max-age');
    workshop.write(named('response.der'), Buffer.from(await answer.arrayBuffer()));
    const read = await workshop.openssl(
      ...ask,
      '-respin',
      named('response.der'),
      '-CAfile',
      named('both.pem'),
      '-text',
    );
    expect(read).toContain(`${named('leaf.pem')}: good`);
    const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(read)?.[0] ?? '';
    workshop.write(named('delegate.pem'), pem);
    expect(await extensionsOf(named('delegate.pem'))).toEqual([...LEAF.slice(0, 5), 'OCSP No Check']);
  });

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate: a leaf is rejected by all relying parties once it is revoked`, async () => {
    const body = { reason: 'keyCompromise' };
    await server.post(`${tenant.path}/certificates/${kid}/revoke`, body, tenant.owner);
    for (const options of [[], ['-no_nonce']]) {
      const revoked = await askOcsp('-cert', named('leaf.pem'), ...options);
      expect(revoked).toContain('Response verify OK');
      expect(revoked).toContain(`${named('leaf.pem')}: revoked`);
      expect(revoked).toContain('Reason: keyCompromise');
    }
    const { openssl, gnutls } = await verdicts();
    expect(openssl).toContain('certificate revoked');
    if (gnutls !== undefined) expect(gnutls).toMatch(/Not verified[^]*revoked/);
    expect(await workshop.openssl('crl', '-in', named('ca.crl'), '-noout', '-text')).toContain('Key Compromise');
  });

  if (JAVA_IS_INSTALLED) {
    it(`a ${ofRoot} root and a ${ofIntermediate} intermediate: Java rejects a revoked leaf by OCSP and by its CRL`, async () => {
      expect(await javaVerdicts()).toEqual([
        expect.stringMatching(/^OCSP: REVOKED .*KEY_COMPROMISE/),
        expect.stringMatching(/^CRL: REVOKED .*KEY_COMPROMISE/),
      ]);
    });
  }

  it(`a ${ofRoot} root and a ${ofIntermediate} intermediate: a leaf is rejected once the intermediate is revoked`, async () => {
    const { status } = await server.post(
      `${tenant.path}/certificate-authorities/${ca['id']}/revoke`,
      { reason: 'cACompromise' },
      tenant.owner,
    );
    expect(status).toBe(200);
    await verdicts();
    const rootCrl = await workshop.openssl('crl', '-in', named('root.crl'), '-noout', '-text');
    expect(rootCrl).toContain('CA Compromise');
    const url = `${server.url}/pki/${root['id']}/ocsp`;
    const args = [
      'ocsp',
      '-issuer',
      named('root.pem'),
      '-cert',
      named('ca.pem'),
      '-url',
      url,
      '-CAfile',
      named('root.pem'),
    ];
    expect((await workshop.run('openssl', args)).text).toContain(`${named('ca.pem')}: revoked`);
  });
});

describe('downloads', () => {
  const PASSPHRASE = 'correct horse battery staple';

  it('a downloaded bundle is opened by OpenSSL: AES-256, HMAC-SHA256, 600,000 iterations', async () => {
    const issuer = await createIssuer(server, tenant, { algorithm: 'RS256' });
    const key = { name: 'exportable', algorithm: 'ES256', exportable: true };
    const created = await server.post(`${tenant.path}/keys`, key, tenant.owner);
    const signer = await openKey(created.body['id']!);
    await createAuthority(server, tenant);
    const { body } = await issue(server, tenant, { csr: csrPem('bundled', { key: signer }) });
    const path = `${tenant.path}/certificates/${body['kid']}/pkcs12`;
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tenant.owner.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ keyId: created.body['id'], passphrase: PASSPHRASE }),
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-pkcs12']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    workshop.write('bundle.p12', Buffer.from(await answer.arrayBuffer()));
    const opened = ['pkcs12', '-in', 'bundle.p12', '-passin', `pass:${PASSPHRASE}`, '-nodes'];
    const text = await workshop.openssl(...opened, '-info');
    expect(text).toContain('MAC: sha256, Iteration 600000');
    expect(text).toContain('PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256');
    expect(text).toContain(String(body['certificate']).trim());
    expect(text).toContain('BEGIN PRIVATE KEY');
    const other = await server.post(path, { keyId: issuer.keyId, passphrase: PASSPHRASE }, tenant.owner);
    expect([other.status, other.body['code']]).toEqual([403, 'KEY_NOT_EXPORTABLE']);
    const foreign = await server.post(`${tenant.path}/keys`, { ...key, name: 'another' }, tenant.owner);
    const wrong = await server.post(path, { keyId: foreign.body['id'], passphrase: PASSPHRASE }, tenant.owner);
    expect([wrong.status, wrong.body['code']]).toEqual([422, 'KEY_NOT_OF_CERTIFICATE']);
  });

  it('a downloaded certificate is the same in PEM, DER and PKCS#7, the last with its issuers', async () => {
    const { body } = await issue(server, tenant);
    const path = `${tenant.path}/certificates/${body['kid']}/certificate`;
    expect((await server.get(path, tenant.owner)).text).toBe(body['certificate']);
    await download(`${path}?format=der`, 'one.der');
    expect(await workshop.openssl('x509', '-inform', 'DER', '-in', 'one.der')).toBe(body['certificate']);
    await download(`${path}?format=pkcs7`, 'one.p7b');
    const printed = await workshop.openssl('pkcs7', '-inform', 'DER', '-in', 'one.p7b', '-print_certs');
    const certificates = printed.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    expect(certificates.join('')).toBe(`${body['certificate']}${body['chain']}`);
    const chain = await server.get(`${tenant.path}/certificate-authorities/${body['caId']}/chain`, tenant.owner);
    expect(chain.text).toBe(body['chain']);
  });

  async function openKey(keyId: string) {
    const scope = { ...systemOrigin('test'), tenantId: tenant.id };
    const { app, installation } = server.server;
    return installation.database.read(
      scope,
      async (view) => (await app.get(Signer).signingKey(view, keyId)).signingKey as KeyObject,
    );
  }
});
