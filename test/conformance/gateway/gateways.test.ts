import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type Server as HttpServer, createServer } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { systemClock, toEpochSeconds } from '#core';
import { generateServiceKey } from '#crypto';

import { caddyProgram, startCaddy } from '../../support/caddy.js';
import { type Gateway, freePort, listen } from '../../support/gateway.js';
import { nginxProgram, startNginx } from '../../support/nginx.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { ownToken } from '../../e2e/callers/own-token.js';
import { type TestService, createService } from '../../e2e/signing/issuer.js';

/** More than the other tests of this file fail with. */
const FAILURES_MAX = 20;

/** A gateway and its documented configuration in `examples/`. */
interface Example {
  readonly name: string;
  /** `undefined` where it is not installed: what needs it is skipped then. Continuous integration installs it. */
  readonly program: string | undefined;
  readonly start: (program: string, configuration: string) => Gateway;
  readonly file: string;
  /** Its lines that ask Chancery, and that keep the secrets of callers from the API. */
  readonly lines: readonly string[];
  /** What a caller is told in place of Chancery's 429. */
  readonly tooMany: number;
  /** Locations that only the gateway itself asks. */
  readonly internalPaths: readonly string[];
}

const SECRET_HEADERS = ['Authorization', 'X-Service-Key', 'Key'];

const EXAMPLES: readonly Example[] = [
  {
    name: 'nginx',
    program: nginxProgram,
    start: startNginx,
    file: 'nginx/chancery.conf',
    lines: [
      'proxy_pass http://chancery/v1/forward-auth;',
      ...SECRET_HEADERS.map((header) => `proxy_set_header ${header} "";`),
    ],
    tooMany: 403,
    internalPaths: ['/_chancery', '/_chancery_rate_limited'],
  },
  {
    name: 'Caddy',
    program: caddyProgram,
    start: startCaddy,
    file: 'caddy/Caddyfile',
    lines: ['uri /v1/forward-auth', ...SECRET_HEADERS.map((header) => `header_up -${header}`)],
    tooMany: 429,
    internalPaths: [],
  },
];

const exampleOf = (file: string): string => join(import.meta.dirname, '../../../examples', file);

it.each(EXAMPLES)(
  'the example of $name asks Chancery, and keeps the secrets of callers from the API behind it',
  ({ file, lines }) => {
    const example = readFileSync(exampleOf(file), 'utf8');
    for (const line of lines) expect(example).toContain(line);
  },
);

for (const example of EXAMPLES) {
  const { name, program, file } = example;
  describe.skipIf(program === undefined)(`${name} with examples/${file}`, () => {
    behindGateway(program!, example);
  });
}

/** The documented gateway, with nothing changed but the ports. */
function behindGateway(program: string, { name, start, file, tooMany, internalPaths }: Example): void {
  let server: TestServer;
  let tenant: TestTenant;
  let service: TestService;
  let api: HttpServer;
  let running: Gateway;
  let address: string;
  /** What reached the API behind the gateway. */
  let received: { headers: IncomingHttpHeaders; body: string }[] = [];

  beforeAll(async () => {
    const environment = { TRUSTED_PROXIES: '127.0.0.1/32' };
    const rateLimitQuotas = { credentials: FAILURES_MAX, login: 1_000 };
    server = await startTestServer({ clock: systemClock, environment, rateLimitQuotas });
    tenant = await createTenant(server, 'gateway');
    service = await createService(server, tenant);
    api = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        reply.end('hello');
      });
    });
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    const ports = { 3000: new URL(server.url).port, 8080: await listen(api), 8081: port };
    const example = Object.entries(ports).reduce(
      (text, [documented, actual]) => text.replaceAll(`127.0.0.1:${documented}`, `127.0.0.1:${actual}`),
      readFileSync(exampleOf(file), 'utf8'),
    );
    running = start(program, example);
    await vi.waitFor(() => call({}), { timeout: 30_000 });
  });
  beforeEach(() => {
    received = [];
  });
  afterAll(async () => {
    await running.stop();
    api.closeAllConnections();
    api.close();
    await server.close();
  });

  async function call(headers: Record<string, string>, init: RequestInit = {}) {
    const answer = await fetch(`${address}/orders`, { ...init, headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }
  const jwt = (): string =>
    ownToken({ alg: 'HS256', typ: 'JWT' }, { iss: service.id, iat: toEpochSeconds(systemClock.now()) }, service);

  it(`${name} accepts a good service key, and tells the API whose it is, but not the key`, async () => {
    expect(await call({ 'X-Service-Key': service.serviceKey })).toMatchObject({ status: 200, text: 'hello' });
    expect(received[0]!.headers).toMatchObject({
      'x-chancery-service': service.id,
      'x-chancery-tenant': tenant.id,
    });
    expect(JSON.stringify(received)).not.toContain(service.serviceKey);
  });

  it(`${name} accepts the vendor's header "key" as well`, async () => {
    expect((await call({ key: service.serviceKey })).status).toBe(200);
    expect(JSON.stringify(received)).not.toContain(service.serviceKey);
  });

  it(`${name} accepts a good JWT, and keeps it from the API`, async () => {
    expect((await call({ Authorization: `Bearer ${jwt()}` })).status).toBe(200);
    expect(received[0]!.headers).toMatchObject({ 'x-chancery-service': service.id });
    expect(received[0]!.headers.authorization).toBeUndefined();
  });

  it(`${name} sends a body of any type to the API, not to Chancery`, async () => {
    const headers = { 'X-Service-Key': service.serviceKey, 'Content-Type': 'text/csv' };
    expect((await call(headers, { method: 'POST', body: 'a,b\n1,2\n' })).status).toBe(200);
    expect(received[0]!.body).toBe('a,b\n1,2\n');
  });

  it.each<[string, () => Record<string, string>]>([
    ['no credentials', () => ({})],
    ['a bad service key', () => ({ 'X-Service-Key': 'csk_wrong' })],
    ['a bad JWT beside a good key', () => ({ Authorization: 'Bearer x.y.z', 'X-Service-Key': service.serviceKey })],
    ['a name that the client gave itself', () => ({ 'X-Chancery-Service': service.id })],
  ])(`${name} rejects %s`, async (_, headers) => {
    const answer = await call(headers());
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBeTruthy();
    expect(received).toEqual([]);
  });

  it(`${name} overwrites a name that a client with a good key gives itself`, async () => {
    await call({ 'X-Service-Key': service.serviceKey, 'X-Chancery-Service': 'root', 'X-Chancery-Tenant': 'root' });
    expect(received[0]!.headers).toMatchObject({ 'x-chancery-service': service.id, 'x-chancery-tenant': tenant.id });
  });

  it(`${name} rejects a discarded key in the next request, and accepts it again once it is reactivated`, async () => {
    const own = await createService(server, tenant);
    const path = `${tenant.path}/services/${own.id}/credentials`;
    const { credentialId }: { credentialId?: string } = (await server.get('/v1/whoami', { serviceKey: own.serviceKey }))
      .body;
    await server.post(path, { authType: 'service_key' }, tenant.owner);
    const status = async () => (await call({ 'X-Service-Key': own.serviceKey })).status;
    expect(await status()).toBe(200);
    await server.post(`${path}/${credentialId}/discard`, undefined, tenant.owner);
    expect(await status()).toBe(401);
    await server.post(`${path}/${credentialId}/reactivate`, undefined, tenant.owner);
    expect(await status()).toBe(200);
  });

  it(`${name} sends the address of its own client, whatever X-Forwarded-For says`, async () => {
    const own = await createService(server, tenant);
    const confine = (allowedCidrs: readonly string[]) =>
      server.patch(`${tenant.path}/services/${own.id}`, { allowedCidrs }, tenant.owner);
    const status = async () =>
      (await call({ 'X-Service-Key': own.serviceKey, 'X-Forwarded-For': '203.0.113.7' })).status;
    await confine(['203.0.113.0/24']);
    expect(await status()).toBe(403);
    await confine(['127.0.0.1/32']);
    expect(await status()).toBe(200);
  });

  it(`${name} answers ${tooMany} to an address that sends too many unknown keys, and accepts a good key of that address`, async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < FAILURES_MAX + 2; guess += 1) {
      statuses.push((await call({ 'X-Service-Key': generateServiceKey().reveal() })).status);
    }
    expect(statuses).toEqual(statuses.toSorted());
    expect([...new Set(statuses)]).toEqual([401, tooMany]);
    expect((await call({ 'X-Service-Key': service.serviceKey })).status).toBe(200);
    expect(received).toHaveLength(1);
  });

  it.each(internalPaths)(`%s of ${name} cannot be called from outside`, async (path) => {
    const answer = await fetch(address + path, { headers: { 'X-Service-Key': service.serviceKey } });
    expect(answer.status).toBe(404);
  });
}
