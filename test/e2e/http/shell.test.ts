import { promisify } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { INSTALLATION_ID } from '#core';
import type { Problem } from '../../../apps/server/src/http/problem.js';
import { type Fixture, LEAK, SERVICE, TENANT, THING, USER, startFixture } from './fixture.js';

const THINGS = '/v1/tenants/acme/things';
const AS_ADA = { authorization: 'Bearer ada' };
const JSON_TYPE = { 'content-type': 'application/json' };

let shell: Fixture;
beforeAll(async () => {
  shell = await startFixture();
});
afterAll(() => shell.app.close());

const call = (
  method: 'GET' | 'POST' | 'PATCH' | 'HEAD' | 'OPTIONS',
  url: string,
  headers = {},
  payload?: string | Buffer,
) =>
  shell.app.inject({ method, url, headers: { ...AS_ADA, ...headers }, ...(payload === undefined ? {} : { payload }) });

const post = (payload: unknown, headers = {}) =>
  call('POST', THINGS, { ...JSON_TYPE, ...headers }, Buffer.isBuffer(payload) ? payload : JSON.stringify(payload));

const pointers = (problem: Problem) => problem.errors!.map(({ pointer, code }) => `${pointer} ${code}`);

describe('a method that a path does not declare', () => {
  it.each([
    ['PATCH', THINGS],
    ['DELETE', THINGS],
    ['OPTIONS', THINGS],
    ['PUT', `${THINGS}?limit=1`],
  ] as const)(
    'a method that a path does not declare: %s %s answers 405 with the methods that the path declares',
    async (method, url) => {
      const answer = await shell.app.inject({ method, url, headers: AS_ADA });
      expect(answer.statusCode).toBe(405);
      expect(answer.headers['allow']).toBe('GET, HEAD, POST');
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED', status: 405 });
    },
  );

  it('a method that a path does not declare answers 404 without Allow where no method is declared', async () => {
    const answer = await shell.app.inject({ method: 'DELETE', url: '/v1/nowhere', headers: AS_ADA });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([404, undefined]);
  });
});

describe('problem documents', () => {
  it('problem documents have every member, the media type and no query string', async () => {
    const answer = await call('GET', '/v1/nowhere?secret=1', { 'x-request-id': 'abc-1' });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toEqual({
      type: 'urn:chancery:error:not-found',
      title: 'Resource not found',
      status: 404,
      detail: 'Resource not found',
      instance: '/v1/nowhere',
      code: 'NOT_FOUND',
      requestId: 'abc-1',
    });
  });

  it.each([
    ['no JSON', '{"name":', JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['a byte order mark', '\ufeff{}', JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['a lone surrogate', String.raw`{"name":"\ud800"}`, JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['a name twice', String.raw`{"name":"a","n\u0061me":"b"}`, JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['a prototype', '{"__proto__":{"admin":true}}', JSON_TYPE, 400, 'MALFORMED_JSON'],
    ["a constructor's prototype", '{"constructor":{"prototype":{"admin":true}}}', JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['33 levels', `{"claims":${'['.repeat(33)}${']'.repeat(33)}}`, JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['1,001 members', JSON.stringify({ tags: Array(1_001).fill('a') }), JSON_TYPE, 400, 'MALFORMED_JSON'],
    ['no object', '[]', JSON_TYPE, 400, 'VALIDATION_ERROR'],
    ['null', 'null', JSON_TYPE, 400, 'VALIDATION_ERROR'],
    ['nothing', '', JSON_TYPE, 400, 'VALIDATION_ERROR'],
    ['10 MB', Buffer.alloc(10_000_000, 0x20), JSON_TYPE, 413, 'PAYLOAD_TOO_LARGE'],
    ['a form', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['plain text', '{"name":"a"}', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['nonsense for a type', '{}', { 'content-type': 'application' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('a problem document answers a body that is %s', async (_what, payload, headers, status, code) => {
    const answer = await call('POST', THINGS, headers, payload);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each([
    ['/v1/tenants/%ff/things', 400, 'VALIDATION_ERROR'],
    ['/v1/tenants/%E0%A4%A/things', 400, 'VALIDATION_ERROR'],
    [`/v1/tenants/${'a'.repeat(513)}/things`, 404, 'NOT_FOUND'],
    ['/v1/tenants/%00/things', 404, 'NOT_FOUND'],
    [`${THINGS}/../../../etc/passwd`, 404, 'NOT_FOUND'],
  ])('a problem document answers the target %#', async (url, status, code) => {
    const answer = await call('GET', url);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['x-request-id']).toBe(answer.json<Problem>().requestId);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('problem documents answer what is no HTTP on the bare socket, and close it', async () => {
    const [headers, body] = (await shell.raw('NONSENSE\r\n\r\n')).split('\r\n\r\n');
    expect(headers).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(body!)).toMatchObject({ status: 400, code: 'UNREADABLE_REQUEST' });
    const huge = `GET /v1/facts HTTP/1.1\r\nHost: a\r\nX-Huge: ${'a'.repeat(20_000)}\r\n\r\n`;
    expect(await shell.raw(huge)).toMatch(/^HTTP\/1\.1 431 .*application\/problem\+json/s);
  });

  it('problem documents answer what Node answers by itself: a tunnel, an unknown expectation, a missing host', async () => {
    const codeOf = async (text: string): Promise<[string, string]> => {
      const [headers, body] = (await shell.raw(`${text}\r\nConnection: close\r\n\r\n`)).split('\r\n\r\n');
      return [headers!.split(' ')[1]!, /"code":"(\w+)"/.exec(body!)?.[1] ?? body!];
    };
    expect(await codeOf('CONNECT a:443 HTTP/1.1\r\nHost: a')).toEqual(['405', 'METHOD_NOT_ALLOWED']);
    expect(await codeOf('GET /v1/nothing HTTP/1.1\r\nHost: a\r\nExpect: much')).toEqual(['404', 'NOT_FOUND']);
    expect(await codeOf('GET /v1/facts HTTP/1.1\r\nAccept: a')).toEqual(['400', 'VALIDATION_ERROR']);
  });

  it('a caller that asks for a tunnel and resets its connection does not end the process', async () => {
    const isHandled = new Promise<boolean>((resolve) => {
      shell.app.getHttpServer().once('connect', (_request, socket) => resolve(socket.listenerCount('error') > 0));
    });
    await shell.raw('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await isHandled).toBe(true);
  });

  it.each(['Host: b', 'Authorization: Bearer ada\r\nAuthorization: Bearer eve'])(
    'a request is rejected that two readers could understand differently: %j',
    async (headers) => {
      const answer = await shell.raw(`GET /v1/me HTTP/1.1\r\nHost: a\r\n${headers}\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"code":"REPEATED"');
    },
  );

  it('a body that its caller cuts off is no failure of the server', async () => {
    shell.log.length = 0;
    const head = `POST ${THINGS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\nContent-Type: application/json`;
    await shell.cutOff(`${head}\r\nContent-Length: 50\r\n\r\n{`);
    const server = shell.app.getHttpServer();
    const connections = promisify(server.getConnections.bind(server));
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 30_000 });
    await call('GET', '/v1/facts');
    expect(shell.log.join('')).not.toContain('A request failed');
  });

  it.each(['gzip', 'br', 'GZIP, identity'])('a body is accepted without the content coding %s', async (coding) => {
    const answer = await post({ name: 'coded' }, { 'content-encoding': coding });
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect((await post({ name: 'coded' }, { 'content-encoding': 'identity' })).statusCode).toBe(201);
  });

  it('problem documents keep their own members whatever an error adds', async () => {
    const answer = await post({ name: 'taken' });
    expect(answer.json()).toMatchObject({ status: 409, code: 'WRONG_STATE', existingId: THING.id });
  });

  it('problem documents tell nothing internal, and neither does the log', async () => {
    shell.log.length = 0;
    for (const url of ['/v1/broken', '/v1/broken/internally']) {
      const answer = await call('GET', url);
      expect(answer.statusCode).toBe(500);
      expect(answer.json()).toEqual({
        type: 'urn:chancery:error:internal-error',
        title: 'Internal error',
        status: 500,
        detail: 'Internal error',
        instance: url,
        code: 'INTERNAL_ERROR',
        requestId: answer.headers['x-request-id'],
      });
    }
    const lines = shell.log.join('');
    expect(lines).toContain('ER_DUP_ENTRY');
    expect(lines).toContain('fixture.ts');
    expect(lines).not.toContain(LEAK);
    expect(lines).not.toContain('INSERT');
  });
});

describe('headers of every answer', () => {
  it('headers of every answer carry the request id that was offered if it is harmless, else a new one', async () => {
    const sent = async (id: string) => (await call('GET', '/v1/facts', { 'x-request-id': id })).headers['x-request-id'];
    expect(await sent('A.b_c-1')).toBe('A.b_c-1');
    for (const id of ['', 'a b', 'é', 'a'.repeat(65), 'a\tb']) {
      expect(await sent(id)).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect((await call('GET', '/v1/facts', { 'x-request-id': 'mine' })).json()).toMatchObject({ requestId: 'mine' });
  });

  it('headers of every answer keep browsers and caches out', async () => {
    for (const url of ['/v1/facts', '/v1/nowhere', '/nowhere']) {
      const { headers } = await call('GET', url);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'strict-transport-security': /max-age/ as never,
      });
      expect(headers['x-powered-by']).toBeUndefined();
    }
    expect((await call('GET', '/v1/facts')).headers['cache-control']).toBe('no-store');
  });

  it('HEAD is answered like GET without a body, and OPTIONS is unknown', async () => {
    const head = await call('HEAD', `${THINGS}/1`);
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(head.headers.etag).toBe((await call('GET', `${THINGS}/1`)).headers.etag);
    expect((await call('OPTIONS', THINGS)).statusCode).toBe(405);
  });
});

describe('validation', () => {
  it('validation converts and accepts what is right', async () => {
    const answer = await post({
      name: 'a-thing',
      owner: { email: 'admin@localhost' },
      colour: 'red',
      count: 3,
      shiny: false,
      expiresAt: '2026-01-01T01:00:00+01:00',
      parentId: THING.id,
      tags: ['a', 'b'],
      others: [{ email: 'ada@example.com', password: 'x' }],
      claims: { a: { b: [1, null] } },
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ expiresAt: Date.UTC(2026, 0, 1), claims: { a: { b: [1, null] } } });
    expect((await post({ name: 'a', expiresAt: null })).json()).toMatchObject({ expiresAt: null });
  });

  it.each([
    [{}, ['/name REQUIRED']],
    [{ name: null }, ['/name NULL_NOT_ALLOWED']],
    [{ name: 7 }, ['/name IS_STRING']],
    [{ name: '' }, ['/name MIN_LENGTH']],
    [{ name: 'a'.repeat(21) }, ['/name MAX_LENGTH']],
    [{ name: 'a\u0000' }, ['/name CONTROL_CHARACTER']],
    [{ name: 'a\u202eb' }, ['/name CONTROL_CHARACTER']],
    [{ name: 'a\u2028b' }, ['/name CONTROL_CHARACTER']],
    [{ name: ' \u200b\u3164' }, ['/name BLANK']],
    [{ name: 'A' }, ['/name MATCHES']],
    [{ name: 'a', extra: 1, 'a/b~': 2 }, ['/extra UNKNOWN_FIELD', '/a~1b~0 UNKNOWN_FIELD']],
    [{ name: 'a', hasOwnProperty: 1, toString: 2 }, ['/hasOwnProperty UNKNOWN_FIELD', '/toString UNKNOWN_FIELD']],
    [{ name: 'a', owner: null }, ['/owner NULL_NOT_ALLOWED']],
    [{ name: 'a', owner: 'x' }, ['/owner IS_OBJECT']],
    [{ name: 'a', owner: [] }, ['/owner IS_OBJECT']],
    [{ name: 'a', owner: { email: 'x', role: 1 } }, ['/owner/role UNKNOWN_FIELD', '/owner/email IS_EMAIL']],
    [{ name: 'a', colour: 'blue' }, ['/colour IS_IN']],
    [{ name: 'a', count: '3' }, ['/count IS_INT']],
    [{ name: 'a', count: 1.5 }, ['/count IS_INT']],
    [{ name: 'a', count: 11 }, ['/count MAX']],
    [{ name: 'a', shiny: 'true' }, ['/shiny IS_BOOLEAN']],
    [{ name: 'a', expiresAt: 0 }, ['/expiresAt IS_INSTANT']],
    [{ name: 'a', expiresAt: '2026-02-30T00:00:00Z' }, ['/expiresAt IS_INSTANT']],
    [{ name: 'a', expiresAt: '2026-01-01' }, ['/expiresAt IS_INSTANT']],
    [{ name: 'a', parentId: 'x' }, ['/parentId IS_UUID']],
    [{ name: 'a', tags: 'a' }, ['/tags IS_ARRAY']],
    [{ name: 'a', tags: ['a', 'a'] }, ['/tags ARRAY_UNIQUE']],
    [{ name: 'a', tags: ['a', 'b', 'c', 'd'] }, ['/tags ARRAY_MAX_SIZE']],
    [{ name: 'a', tags: ['a', 7] }, ['/tags IS_STRING']],
    [{ name: 'a', others: [{ email: 'a@b' }, { email: 1 }] }, ['/others/1/email IS_STRING']],
    [{ name: 'a', others: ['x'] }, ['/others IS_OBJECT']],
    [{ name: 'a', claims: [] }, ['/claims IS_OBJECT']],
    [{ name: 'a', claims: { a: 'x'.repeat(100) } }, ['/claims MAX_BYTES']],
  ])('validation rejects %j', async (body, expected) => {
    const answer = await post(body);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(pointers(answer.json())).toEqual(expected);
  });

  it('validation never repeats a value', async () => {
    const answer = await post({ name: 'a', owner: { email: LEAK, password: [LEAK] } });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain(LEAK);
  });

  it('validation reads numbers, flags and instants from a query, and names the parameter that is wrong', async () => {
    const good = await call('GET', `${THINGS}?limit=50&dryRun=true&from=2026-01-01T00:00:00Z`);
    expect(good.json()).toMatchObject({ query: { limit: 50, dryRun: true, from: Date.UTC(2026, 0, 1) } });
    for (const [query, expected] of [
      ['limit=abc', 'limit IS_INT'],
      ['limit=', 'limit IS_INT'],
      ['limit=1e1', 'limit IS_INT'],
      ['limit=0', 'limit MIN'],
      ['limit=1&limit=2', 'limit IS_INT'],
      ['dryRun=yes', 'dryRun IS_BOOLEAN'],
      ['from=now', 'from IS_INSTANT'],
      ['other=1', 'other UNKNOWN_FIELD'],
    ]) {
      const answer = await call('GET', `${THINGS}?${query}`);
      expect([query, answer.statusCode, ...pointers(answer.json())]).toEqual([query, 400, expected]);
    }
  });
});

describe('callers', () => {
  it('callers get a challenge where they show no credentials', async () => {
    for (const [method, url] of [
      ['GET', THINGS],
      ['GET', '/v1/me'],
      ['GET', '/v1/platform'],
      ['POST', '/v1/sign'],
    ] as const) {
      const answer = await shell.app.inject({ method, url });
      expect([answer.statusCode, answer.json<Problem>().code]).toEqual([401, 'CREDENTIALS_REQUIRED']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  it('callers work in the scope that their credentials and the route give them', async () => {
    const actor = { type: 'user', id: USER.userId, name: USER.email };
    expect((await call('GET', THINGS)).json()).toMatchObject({ tenantId: TENANT, actor });
    expect((await call('GET', '/v1/platform')).json()).toMatchObject({ tenantId: INSTALLATION_ID, actor });
    expect((await call('GET', '/v1/me')).json()).toMatchObject({ caller: USER, origin: { actor } });
    expect((await call('POST', '/v1/sign', { 'x-service-key': 'csk_fixture' })).json()).toMatchObject({
      tenantId: TENANT,
      actor: { type: 'service', id: SERVICE.serviceId, credentialId: SERVICE.credentialId },
      sourceAddress: '127.0.0.1',
    });
  });

  it('callers have their refusals recorded, and refusals stay refusals when that fails', async () => {
    shell.refusals.recorded.length = 0;
    expect((await call('GET', '/v1/tenants/forbidden/things?x=1', { 'x-request-id': 'r1' })).statusCode).toBe(403);
    expect((await call('GET', `${THINGS}/absent`)).statusCode).toBe(404);
    await post({});
    await call('GET', '/v1/nowhere');
    expect(shell.refusals.recorded).toMatchObject([
      {
        code: 'FORBIDDEN',
        request: {
          principal: USER,
          tenant: 'forbidden',
          method: 'GET',
          route: '/v1/tenants/:tenantId/things',
          requestId: 'r1',
        },
      },
      { code: 'NOT_FOUND', request: { scope: { tenantId: TENANT }, route: '/v1/tenants/:tenantId/things/:thingId' } },
    ]);
    shell.refusals.failing = true;
    expect((await call('GET', '/v1/tenants/forbidden/things')).statusCode).toBe(403);
    shell.refusals.failing = false;
  });

  it('callers cannot choose their address by a header while no proxy is trusted', async () => {
    const answer = await call('GET', '/v1/facts', { 'x-forwarded-for': '1.2.3.4' });
    expect(answer.json()).toMatchObject({ sourceAddress: '127.0.0.1' });
  });
});

describe('entity tags', () => {
  it.each([
    [undefined, 200],
    ['*', 200],
    ['"3"', 200],
    ['"2"', 412],
    ['W/"3"', 412],
    ['"x"', 412],
    ['3', 400],
    ['"3", "4"', 200],
    ['W/"3","2" , "x,y"', 412],
    ['"2",, "3-abcdefghijklmnop",', 200],
    ['"3" "4"', 400],
    ['"3", *', 400],
    ['"3", 4', 400],
    [',', 400],
    ['', 400],
  ])('the entity tag If-Match: %s', async (tag, status) => {
    const answer = await call('PATCH', `${THINGS}/1`, tag === undefined ? {} : { 'if-match': tag });
    expect(answer.statusCode).toBe(status);
    if (status === 200) expect(answer.headers.etag).toBe('"4"');
  });
});

describe('idempotency', () => {
  beforeEach(() => shell.idempotency.stored.clear());

  it('idempotency answers the same key and payload with the first answer', async () => {
    const first = await post({ name: 'once' }, { 'idempotency-key': 'k' });
    const again = await post({ name: 'once' }, { 'idempotency-key': 'k' });
    expect([again.statusCode, again.body]).toEqual([first.statusCode, first.body]);
    expect([first, again].map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true']);
    expect(again.headers.etag).toBe(first.headers.etag);
    expect((await post({ name: 'once' })).json()).not.toEqual(first.json());
  });

  it('idempotency stores answers without a body', async () => {
    const poke = () => call('POST', `${THINGS}/1/poke`, { 'idempotency-key': 'p' });
    expect((await poke()).statusCode).toBe(204);
    expect([(await poke()).statusCode, (await poke()).body]).toEqual([204, '']);
  });

  it('idempotency rejects another payload, another target and an unfinished first request', async () => {
    await post({ name: 'once' }, { 'idempotency-key': 'k' });
    const other = await post({ name: 'twice' }, { 'idempotency-key': 'k' });
    expect([other.statusCode, other.json<Problem>().code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const target = await call('POST', `${THINGS}/one/poke`, { 'idempotency-key': 'k' });
    expect(target.statusCode).toBe(422);
    delete shell.idempotency.stored.get(`${TENANT}:k`)!.answer;
    const running = await post({ name: 'once' }, { 'idempotency-key': 'k' });
    expect([running.statusCode, running.json<Problem>().code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE']);
  });

  it('idempotency frees the key of a rejected request', async () => {
    expect((await post({ name: 'taken' }, { 'idempotency-key': 'k' })).statusCode).toBe(409);
    expect((await post({ name: 'BAD' }, { 'idempotency-key': 'k' })).statusCode).toBe(400);
    expect((await post({ name: 'free' }, { 'idempotency-key': 'k' })).statusCode).toBe(201);
  });

  it('idempotency fails the work whose answer cannot be stored, and frees the key', async () => {
    shell.idempotency.failing = true;
    expect((await post({ name: 'once' }, { 'idempotency-key': 'k' })).statusCode).toBe(500);
    shell.idempotency.failing = false;
    expect((await post({ name: 'once' }, { 'idempotency-key': 'k' })).statusCode).toBe(201);
  });

  it('idempotency holds for services, too', async () => {
    const headers = { 'x-service-key': 'csk_fixture', 'idempotency-key': 'k' };
    const answers = [await call('POST', '/v1/sign', headers), await call('POST', '/v1/sign', headers)];
    expect(answers.map((answer) => answer.headers['idempotency-replayed'])).toEqual([undefined, 'true']);
    expect(answers[1]!.body).toBe(answers[0]!.body);
  });

  it('idempotency rejects keys that are no keys, and ignores them where answers are not stored', async () => {
    for (const key of ['', 'a b', 'a'.repeat(256)]) {
      const answer = await post({ name: 'a' }, { 'idempotency-key': key });
      expect([answer.statusCode, answer.json<Problem>().code]).toEqual([400, 'INVALID_IDEMPOTENCY_KEY']);
    }
    expect(
      (await call('POST', '/v1/ask', { 'x-service-key': 'csk_fixture', 'idempotency-key': 'a b' })).statusCode,
    ).toBe(201);
  });
});

describe('log', () => {
  it('the log has one line per request, with the route and never a query, header or body', async () => {
    shell.log.length = 0;
    await call('GET', `${THINGS}?limit=50&from=${LEAK}`, { 'x-request-id': 'logged', 'x-other': LEAK });
    await post({ name: LEAK });
    const lines = shell.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      {
        level: 'info',
        requestId: 'logged',
        method: 'GET',
        route: '/v1/tenants/:tenantId/things',
        status: 400,
        actorId: USER.userId,
      },
      { method: 'POST', status: 400 },
    ]);
    expect(lines[0]).toHaveProperty('durationMilliseconds');
    expect(shell.log.join('')).not.toContain(LEAK);
  });
});
