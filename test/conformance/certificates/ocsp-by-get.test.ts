import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { systemClock } from '#core';

import { createAuthority, csrPem, issue } from '../../e2e/certificates/pki.js';
import { type Gateway, freePort } from '../../support/gateway.js';
import { nginxProgram, startNginx } from '../../support/nginx.js';
import { Workshop } from '../../support/openssl.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let caId: string;
const workshop = new Workshop();

/** The Base64 of requests of OpenSSL: one whose text holds a slash, and one whose text holds a plus. */
let withSlash: string;
let withPlus: string;
const REQUESTS_MAX = 40;

beforeAll(async () => {
  server = await startTestServer({ clock: systemClock });
  const tenant = await createTenant(server, 'ocsp-by-get');
  let texts: readonly [string, string] | undefined;
  while (texts === undefined) texts = await requestsOfNewAuthority(tenant);
  [withSlash, withPlus] = texts;
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

/**
 * A request with a slash and one with a plus; `undefined` where all have a slash twice, because the hashes of the authority,
 * which are in each, have it.
 */
async function requestsOfNewAuthority(tenant: TestTenant): Promise<readonly [string, string] | undefined> {
  const ca = await createAuthority(server, tenant);
  caId = ca['id']!;
  const { body } = await issue(server, tenant, { caId, csr: csrPem('client') });
  workshop.write('ca.pem', ca['certificate']!);
  workshop.write('leaf.pem', body['certificate']!);
  // A nonce of its own in each request: after a few of them the text has what is looked for.
  for (const texts: string[] = []; texts.length < REQUESTS_MAX;) {
    texts.push(await requestOf('-sha1', '-cert', 'leaf.pem', '-nonce'));
    const usable = texts.filter((text) => !text.includes('//'));
    const [slash, plus] = ['/', '+'].map((digit) => usable.find((text) => text.includes(digit)));
    if (slash !== undefined && plus !== undefined) return [slash, plus];
  }
  return undefined;
}

/** A request that OpenSSL makes. */
async function requestOf(hash: string, ...asked: readonly string[]): Promise<string> {
  await workshop.openssl('ocsp', '-issuer', 'ca.pem', hash, ...asked, '-reqout', 'request.der');
  return workshop.read('request.der').toString('base64');
}

/** What OpenSSL reads of the answer to a GET of a path behind `/pki/{caId}/ocsp`. */
async function ask(path: string, address = server.url): Promise<string> {
  const answer = await fetch(`${address}/pki/${caId}/ocsp${path}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/ocsp-response']);
  workshop.write('response.der', Buffer.from(await answer.arrayBuffer()));
  const read = await workshop.run('openssl', ['ocsp', '-respin', 'response.der', '-noverify', '-resp_text']);
  return /Cert Status: (\w+)/.exec(read.text)?.[1] ?? /Responder Error: (\w+)/.exec(read.text)?.[1] ?? read.text;
}

const base64url = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** How clients and proxies write the Base64 of a request into a path. */
const FORMS: readonly [what: string, pathOf: (text: string) => string][] = [
  ['percent-encoded, as the standard has it', (text) => `/${encodeURIComponent(text)}`],
  [
    'percent-encoded in small letters',
    (text) => `/${encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase())}`,
  ],
  ['as it is', (text) => `/${text}`],
  ['with only the slash encoded', (text) => `/${text.replaceAll('/', '%2F')}`],
  ['with only the plus encoded', (text) => `/${text.replaceAll('+', '%2B')}`],
  ['encoded twice', (text) => `/${encodeURIComponent(encodeURIComponent(text))}`],
  ['behind a doubled slash', (text) => `//${text}`],
  ['behind a doubled slash, percent-encoded', (text) => `//${encodeURIComponent(text)}`],
  ['behind a slash that is encoded', (text) => `/%2F${encodeURIComponent(text)}`],
  ['with spaces for plus signs', (text) => `/${encodeURIComponent(text.replaceAll('+', ' '))}`],
  ['in base64url', (text) => `/${base64url(text)}`],
  ['without padding', (text) => `/${encodeURIComponent(text.replaceAll('=', ''))}`],
];

describe('OCSP by GET', () => {
  it.each(FORMS)('an OCSP request in a path is read %s', async (_, pathOf) => {
    expect([await ask(pathOf(withSlash)), await ask(pathOf(withPlus))]).toEqual(['good', 'good']);
  });

  it.each(['//', '/MA==', '/hello', '/a/b/c', '/%ff', `/${'M'.repeat(9_000)}`])(
    'what is no OCSP request in a path is malformed: %j',
    async (path) => {
      const answer = await fetch(`${server.url}/pki/${caId}/ocsp${path}`);
      // What cannot be decoded is no path.
      if (path === '/%ff') expect(answer.status).toBe(400);
      else expect(Buffer.from(await answer.arrayBuffer()).toString('hex')).toBe('30030a0101');
    },
  );

  it.each(['-sha1', '-sha256', '-sha384', '-sha512'])('a CertID with %s names a certificate', async (hash) => {
    expect(await ask(`/${encodeURIComponent(await requestOf(hash, '-cert', 'leaf.pem'))}`)).toBe('good');
    expect(await ask(`/${encodeURIComponent(await requestOf(hash, '-serial', '0x1234'))}`)).toBe('unknown');
  });

  it('a CertID with a hash that is not known here is unknown', async () => {
    expect(await ask(`/${encodeURIComponent(await requestOf('-sha224', '-cert', 'leaf.pem'))}`)).toBe('unknown');
  });

  it('a CertID of another issuer is unknown, beside one of ours that is good', async () => {
    await workshop.openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=Other',
      '-out',
      'other.pem',
      '-keyout',
      'other.key',
    );
    const both = ['-cert', 'leaf.pem', '-issuer', 'other.pem', '-serial', '0x1234'];
    await ask(`/${encodeURIComponent(await requestOf('-sha1', ...both))}`);
    const read = await workshop.run('openssl', ['ocsp', '-respin', 'response.der', '-noverify', '-resp_text']);
    expect([...read.text.matchAll(/Cert Status: (\w+)/g)].map(([, status]) => status)).toEqual(['good', 'unknown']);
  });
});

// Continuous integration installs nginx; elsewhere these tests are skipped.
describe.skipIf(nginxProgram === undefined)('OCSP by GET behind nginx', () => {
  let nginx: Gateway;
  /** By how the location names the server behind it. */
  const addresses: Record<'with a URI' | 'without a URI', string> = { 'with a URI': '', 'without a URI': '' };

  beforeAll(async () => {
    const [withUri, withoutUri] = [await freePort(), await freePort()];
    addresses['with a URI'] = `http://127.0.0.1:${withUri}`;
    addresses['without a URI'] = `http://127.0.0.1:${withoutUri}`;
    // With a URI nginx decodes the path, merges slashes and sends what it made of it; without one it passes the path on.
    nginx = startNginx(
      nginxProgram!,
      `server { listen 127.0.0.1:${withUri}; location / { proxy_pass ${server.url}/; } }
      server { listen 127.0.0.1:${withoutUri}; location / { proxy_pass ${server.url}; } }`,
    );
    await vi.waitFor(() => fetch(addresses['with a URI']), { timeout: 30_000 });
  });
  afterAll(() => nginx.stop());

  it.each(
    FORMS.flatMap(([what, pathOf]) =>
      (['with a URI', 'without a URI'] as const).map((proxy) => ({ what, pathOf, proxy })),
    ),
  )('an OCSP request in a path passes nginx $proxy $what', async ({ pathOf, proxy }) => {
    // One after the other: OpenSSL reads each answer from the same file.
    for (const text of [withSlash, withPlus]) expect(await ask(pathOf(text), addresses[proxy])).toBe('good');
  });
});
