import { gunzipSync } from 'node:zlib';
import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findIncompleteOperations } from '../../../apps/server/src/http/openapi.js';
import { type Fixture, startFixture } from './fixture.js';

let shell: Fixture;
let document: OpenAPIObject;
beforeAll(async () => {
  shell = await startFixture();
  document = (await shell.app.inject('/openapi.json')).json();
});
afterAll(() => shell.app.close());

describe('the document', () => {
  it('the API document is OpenAPI 3.1 and complete', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(findIncompleteOperations(document)).toEqual([]);
  });

  it('the API document shows the access, the errors and the headers of an operation', () => {
    const operation = document.paths['/v1/tenants/{tenantId}/things']!.post!;
    expect(operation).toMatchObject({
      operationId: 'createThing',
      'x-access': 'things:write',
      security: [{ bearer: [] }],
    });
    expect(Object.keys(operation.responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '410',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    const conflict = (operation.responses['409'] as { $ref: string }).$ref.split('/').at(-1)!;
    expect(document.components!.responses![conflict]).toMatchObject({
      headers: { 'X-Request-Id': {} },
      content: { 'application/problem+json': { examples: { WRONG_STATE: {}, IDEMPOTENCY_KEY_IN_USE: {} } } },
    });
    expect(operation.parameters).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'Idempotency-Key', in: 'header' })]),
    );
    const change = document.paths['/v1/tenants/{tenantId}/things/{thingId}']!.patch!;
    expect(change.parameters).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'If-Match' })]));
    expect(change.responses).toHaveProperty('412');
    expect(document.paths['/v1/facts']!.get!.security).toEqual([]);
    expect(document.paths['/v1/sign']!.post!.security).toEqual([{ bearer: [] }, { serviceKey: [] }]);
  });

  it('the API document shows fields as they are checked', () => {
    expect(document.components!.schemas!['NewThing']).toMatchObject({
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 20, pattern: '^[a-z-]+$', example: 'a-thing' },
        owner: { allOf: [{ $ref: '#/components/schemas/Owner' }] },
        colour: { type: 'string', enum: ['red', 'green'] },
        count: { type: 'integer', minimum: 1, maximum: 10 },
        expiresAt: { type: ['string', 'null'], format: 'date-time' },
        tags: { type: 'array', maxItems: 3, uniqueItems: true, items: { type: 'string', maxLength: 8 } },
        others: { type: 'array', maxItems: 2, items: { $ref: '#/components/schemas/Owner' } },
      },
    });
    expect(document.components!.schemas!['Owner']).toMatchObject({
      properties: { password: { type: 'string', format: 'password', writeOnly: true } },
    });
  });
});

describe('the documents that stay the same', () => {
  const get = (url: string, headers = {}) => shell.app.inject({ url, headers });

  it('the documents that stay the same are made once and answered from memory', async () => {
    await get('/openapi.json');
    const stringify = vi.spyOn(JSON, 'stringify');
    try {
      for (let call = 0; call < 5; call += 1) expect((await get('/openapi.json')).statusCode).toBe(200);
      const serialised: unknown[] = stringify.mock.calls.map(([value]) => value);
      expect(serialised.filter((value) => Object.hasOwn(Object(value) as object, 'openapi'))).toEqual([]);
    } finally {
      stringify.mockRestore();
    }
  });

  it.each(['/openapi.json', '/docs', '/docs/', '/docs/swagger-ui-init.js', '/docs/swagger-ui.css'])(
    'the documents that stay the same have an entity tag, and are not sent again to a client that names it: %s',
    async (url) => {
      const answer = await get(url);
      const { etag } = answer.headers;
      expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
      expect(answer.headers['cache-control']).toMatch(/public, (no-cache|max-age=0)/);
      for (const known of [etag!, `"other", ${etag!}`]) {
        const unchanged = await get(url, { 'if-none-match': known });
        expect([unchanged.statusCode, unchanged.body, unchanged.headers.etag]).toEqual([304, '', etag]);
      }
      const changed = await get(url, { 'if-none-match': '"other"' });
      expect([changed.statusCode, changed.body === answer.body]).toEqual([200, true]);
    },
  );

  it('the documents that stay the same are compressed for clients that say so, under a tag of that form', async () => {
    const plain = await get('/openapi.json');
    const gzipped = await get('/openapi.json', { 'accept-encoding': 'br, gzip;q=0.5' });
    expect(gzipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(gzipped.rawPayload).toString()).toBe(plain.body);
    expect(gzipped.headers.etag).not.toBe(plain.headers.etag);
    for (const refused of ['gzip;q=0', 'br', 'x-gzip-not', 'gzip;q=0.0']) {
      expect((await get('/openapi.json', { 'accept-encoding': refused })).headers['content-encoding']).toBeUndefined();
    }
  });

  it('the documents that stay the same hold what operations share once: no refusal is spelled out in an operation', () => {
    expect(JSON.stringify(document.paths)).not.toContain('"requestId"');
    const named = JSON.stringify(document.components!.responses).match(/#\/components\/examples\/\w+/g)!;
    const examples = document.components!.examples!;
    expect([...new Set(named.map((reference) => reference.split('/').at(-1)!))].toSorted()).toEqual(
      Object.keys(examples).toSorted(),
    );
  });

  it('the documents that stay the same are counted by source address as every public route is', async () => {
    const limited = await startFixture({ quotas: { public: 2 } });
    try {
      const statuses: number[] = [];
      for (const url of ['/openapi.json', '/docs/swagger-ui.css', '/docs', '/openapi.json']) {
        statuses.push((await limited.app.inject(url)).statusCode);
      }
      expect(statuses).toEqual([200, 200, 429, 429]);
      expect((await limited.app.inject('/docs')).json()).toMatchObject({ code: 'RATE_LIMITED' });
    } finally {
      await limited.app.close();
    }
  });
});

describe('the reference page', () => {
  it('the reference page has everything it needs from this server', async () => {
    const page = await shell.app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!.trim());
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect(file).toMatch(/^\.\/docs\//);
      expect((await shell.app.inject(file.slice(1))).statusCode).toBe(200);
    }
    expect(page.body).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });

  it('the reference page has no inline script, which its policy would stop', async () => {
    expect((await shell.app.inject('/docs')).body).not.toMatch(/<script>/);
    expect((await shell.app.inject('/docs/nowhere.js')).json()).toMatchObject({ code: 'NOT_FOUND' });
  });
});
