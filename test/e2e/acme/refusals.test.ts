import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE, ManualClock } from '#core';

import { type Answer, type Call, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { AcmeTestClient, prepareAcme } from './acme-client.js';

const QUOTA = 60;
const clock = new ManualClock();
let server: TestServer;
let client: AcmeTestClient;
let base: string;
let jwks: string;

beforeAll(async () => {
  const quotas = { login: 1_000, admin: 1_000, reveal: 1_000, credentials: 1_000 };
  server = await startTestServer({ clock, rateLimitQuotas: { ...quotas, public: QUOTA, acme: QUOTA } });
  const tenant = await createTenant(server, 'refusals');
  const { binding, caId } = await prepareAcme(server, tenant);
  client = new AcmeTestClient(server, binding.directoryUrl);
  base = `/acme/${caId}`;
  jwks = `${tenant.path}/.well-known/jwks.json`;
});
afterAll(() => server.close());

const TYPE = 'urn:ietf:params:acme:error:';
const jose: Call = { headers: { 'Content-Type': 'application/jose+json' } };

/** What an ACME client reads of a refusal. */
const told = ({ status, body, headers }: Answer) => ({
  status,
  type: body['type'],
  mediaType: headers.get('content-type')?.split(';')[0],
  hasNonce: headers.has('replay-nonce'),
});
const refusal = (status: number, type: string) => ({
  status,
  type: TYPE + type,
  mediaType: 'application/problem+json',
  hasNonce: true,
});

/** The status line, header fields and body that a bare request is answered with. */
const raw = (head: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${head}\r\nHost: a\r\nConnection: close\r\n\r\n`),
    );
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });

describe('a refusal before there is an ACME request', () => {
  it.each<[string, () => Promise<Answer>, number]>([
    [
      'of a body that is too large',
      () => server.post(`${base}/new-order`, `{"payload":"${'x'.repeat(70_000)}"}`, jose),
      413,
    ],
    ['of JSON that is not well-formed', () => server.post(`${base}/new-order`, '{', jose), 400],
    ['of JSON with a member twice', () => server.post(`${base}/new-order`, '{"a":1,"a":2}', jose), 400],
    [
      'of another media type',
      () => server.post(`${base}/new-order`, 'a=b', { headers: { 'Content-Type': 'text/plain' } }),
      415,
    ],
    ['of plain JSON', () => server.post(`${base}/new-order`, {}), 415],
    ['of a path without a route', () => server.post(`${base}/new-authz`, {}, jose), 404],
    ['of an authority that is none', () => server.get('/acme/none/directory'), 404],
    ['of a method that the route does not have', () => server.get(`${base}/new-order`), 405],
    ['of a path parameter that is too long', () => server.get(`/acme/${'a'.repeat(600)}/directory`), 404],
  ])('a refusal %s has a type of ACME and a nonce', async (_, call, status) => {
    expect(told(await call())).toEqual(refusal(status, 'malformed'));
  });

  it('a refusal of a path that is not valid percent-encoding has a type of ACME and a nonce', async () => {
    const answer = await raw(`GET ${base}/%zz HTTP/1.1`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/^replay-nonce: /im);
    expect(answer).toContain(`"type":"${TYPE}malformed"`);
  });

  it('a refusal of a method that the route does not have says which it has, and where the directory is', async () => {
    const { headers } = await server.get(`${base}/new-order`);
    expect(headers.get('allow')).toBe('POST');
    expect(headers.get('link')).toBe(`<${client.directoryUrl}>;rel="index"`);
  });

  it('a refusal outside of ACME has no type of ACME and no nonce', async () => {
    const answer = await server.post('/v1/acme', {}, jose);
    expect(told(answer)).toMatchObject({ status: 404, type: 'urn:chancery:error:not-found', hasNonce: false });
  });
});

describe('the rate limit of ACME', () => {
  const blocked = async (path: string): Promise<Answer> => {
    for (;;) {
      const answer = await server.get(path);
      if (answer.status === 429) return answer;
    }
  };

  it('the rate limit of ACME is told as rateLimited with Retry-After, and takes no public artefacts away', async () => {
    await server.setTime(clock.now() + MINUTE);
    const answer = await blocked(`${base}/directory`);
    expect(told(answer)).toEqual(refusal(429, 'rateLimited'));
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(answer.headers.get('ratelimit-policy')).toBe(`"acme";q=${QUOTA};w=60`);
    expect((await server.get(jwks)).status).toBe(200);
  });

  it('the rate limit of public artefacts takes no ACME away from clients', async () => {
    await server.setTime(clock.now() + MINUTE);
    expect((await blocked(jwks)).headers.get('ratelimit-policy')).toBe(`"public";q=${QUOTA};w=60`);
    expect((await server.get(`${base}/directory`)).status).toBe(200);
  });
});
