import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  it('is OpenAPI 3.1 and complete', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(findIncompleteOperations(document)).toEqual([]);
  });

  it('shows the access, the refusals and the headers of an operation', () => {
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
      '413',
      '415',
      '422',
      '429',
      '500',
    ]);
    expect(operation.responses['409']).toMatchObject({
      content: { 'application/problem+json': { examples: { ALREADY_EXISTS: {}, IDEMPOTENCY_KEY_IN_USE: {} } } },
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

  it('shows fields as they are checked', () => {
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

describe('the reference page', () => {
  it('comes with everything it needs from this server', async () => {
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

  it('has no inline script, which its policy would stop', async () => {
    expect((await shell.app.inject('/docs')).body).not.toMatch(/<script>/);
    expect((await shell.app.inject('/docs/nowhere.js')).json()).toMatchObject({ code: 'NOT_FOUND' });
  });
});
