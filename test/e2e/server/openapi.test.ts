import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isPermission } from '#tenants';

import { buildDocument, findIncompleteOperations } from '../../../apps/server/src/http/openapi.js';
import { errorTables, eventTables, referenceModule, referencePages } from '../../../apps/server/src/reference.js';
import { sdkTypes } from '../../../scripts/sdk-types.mjs';
import { type TestServer, startTestServer } from '../../support/server.js';
import { type Route, nameOf, routesOf } from './routes.js';

const ROOT = join(import.meta.dirname, '../../..');

let server: TestServer;
let routes: Route[];
let document: OpenAPIObject;
beforeAll(async () => {
  server = await startTestServer();
  routes = routesOf(server.server.app);
  document = (await server.get('/openapi.json')).body as unknown as OpenAPIObject;
});
afterAll(() => server.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: nameOf({ method: method.toUpperCase(), path: path.replaceAll(/\{(\w+)\}/g, ':$1').replace(':path', '*') }),
      operation: operation as { operationId: string; summary: string; 'x-access': string },
    })),
  );

describe('the document of the whole server', () => {
  it('the document of the whole server is complete', () => {
    expect(findIncompleteOperations(document)).toEqual([]);
  });

  it('no route of the whole server declares an error that it has anyway', async () => {
    await expect(buildDocument(server.server.app, '0')).resolves.toBeDefined();
  });

  it('the document of the whole server describes exactly the routes of the router', () => {
    const described = new Set(operations().map(({ name }) => name));
    // What goes on behind a documented path, and does the same; not what is described by a parameter for all that follows.
    const isContinued = (route: Route) => route.path.endsWith('/*') && !described.has(nameOf(route));
    const documented = routes.filter((route) => !isContinued(route));
    for (const { method, path } of routes.filter(isContinued)) {
      const base = path.slice(0, -'/*'.length);
      const forms = documented.filter((route) => route.method === method && `${route.path}/`.startsWith(`${base}/`));
      expect([path, forms.length > 0]).toEqual([path, true]);
    }
    expect(
      operations()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(documented.map(nameOf).toSorted());
    expect(routes.length).toBeGreaterThan(30);
  });

  it('the document of the whole server names each operation once', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('the summary of each operation of the whole server begins with a verb', () => {
    const nouns = operations().filter(({ operation: { summary } }) =>
      /^(The|A|An|This|That|Its?|What|Which|Who(se)?|When|Whether|How|Why|Where)\b/.test(summary),
    );
    expect(nouns.map(({ name, operation }) => `${name}: ${operation.summary}`)).toEqual([]);
  });

  it('the document of the whole server says of public operations which credentials they also take', () => {
    const securityOf = (path: string) => document.paths[path]!.get!.security;
    expect(securityOf('/v1/token/{phone}')).toEqual([{}, { bearer: [] }, { serviceKey: [] }]);
    expect(securityOf('/v1/tenants/{tenantId}/.well-known/jwks.json')).toEqual([]);
  });

  it('the document of the whole server says of each operation which permission of the table it takes', () => {
    const declared = new Map(routes.map((route) => [nameOf(route), route.permission ?? 'public']));
    for (const { name, operation } of operations())
      expect([name, operation['x-access']]).toEqual([name, declared.get(name)]);
  });

  it('the document of the whole server gives an example of each refusal that it lists, from the tables of errors', () => {
    const codes = new Set(errorTables.flatMap(({ definitions }) => Object.keys(definitions)));
    const examples = document.components!.examples as Record<string, { value: { code: string; title: string } }>;
    for (const [code, { value }] of Object.entries(examples))
      expect([value.code, codes.has(code)]).toEqual([code, true]);
    const named = [...JSON.stringify(document.components!.responses).matchAll(/#\/components\/examples\/(\w+)/g)].map(
      ([, code]) => code!,
    );
    expect(named.filter((code) => !Object.hasOwn(examples, code))).toEqual([]);
    expect(named.length).toBeGreaterThan(100);
  });

  it('the document of the whole server takes less than 3,500 bytes for an operation, and 500 where it is compressed', async () => {
    const text = JSON.stringify(document);
    const count = operations().length;
    expect(text.length / count).toBeLessThan(3_500);
    expect(gzipSync(text).length / count).toBeLessThan(500);
  });
});

describe('the types of the SDK', () => {
  it('the types of the SDK are those of the document; `npm run docs` writes them', async () => {
    expect(readFileSync(join(ROOT, 'libs/sdk/openapi.ts'), 'utf8')).toBe(await sdkTypes(document));
  });

  it('the types of the SDK are not made of the refusal of a server', async () => {
    const { body } = await server.get('/v1/auth/me');
    await expect(sdkTypes(body)).rejects.toThrow(/no API document.*CREDENTIALS_REQUIRED/);
  });
});

describe('the reference page', () => {
  it('the reference page needs nothing from anywhere else', async () => {
    const page = await server.get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!.trim());
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const { origin, pathname } = new URL(file, `${server.url}/docs`);
      expect(origin).toBe(server.url);
      expect((await server.get(pathname)).status).toBe(200);
    }
    const loaded = await Promise.all(files.map((file) => server.get(new URL(file, `${server.url}/docs`).pathname)));
    const styles = loaded.filter(({ headers }) => headers.get('content-type')?.includes('css'));
    expect(styles.flatMap(({ text }) => text.match(/@import|url\(\s*["']?https?:/g) ?? [])).toEqual([]);
  });
});

describe('the tables behind the reference', () => {
  const sources = ['apps', 'libs']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  /** First argument of every call of a function that starts a line of code. */
  const declaredBy = (name: string) =>
    sources.flatMap((file) =>
      [
        ...readFileSync(join(ROOT, file), 'utf8').matchAll(
          new RegExp(`^export const \\w+ = ${name}\\('([\\w-]+)'`, 'gm'),
        ),
      ].map(([, first]) => first!),
    );

  it('the tables behind the reference list every table of errors, and each code once', () => {
    const declared = declaredBy('defineErrors');
    expect(errorTables.map(({ feature }) => feature).toSorted()).toEqual(declared.toSorted());
    const codes = errorTables.flatMap(({ definitions }) => Object.keys(definitions));
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    expect(codes.filter((code) => !/^[A-Z]+(_[A-Z]+)*$/.test(code))).toEqual([]);
  });

  it('the tables behind the reference list every table of events, and each action once', () => {
    expect(eventTables.map(({ noun }) => noun).toSorted()).toEqual(declaredBy('defineEvents').toSorted());
    const actions = eventTables.flatMap(({ noun, descriptions }) =>
      Object.keys(descriptions).map((name) => `${noun}.${name}`),
    );
    expect(actions).toEqual([...new Set(actions)]);
  });

  it('the tables behind the reference hold every permission that a route asks for', () => {
    const asked = sources.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/@Requires\('([^']+)'\)/g)].map(
        ([, permission]) => permission!,
      ),
    );
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((permission) => !isPermission(permission))).toEqual([]);
  });

  it.each(Object.entries(referencePages()))('the tables behind the reference are what docs/%s shows', (file, text) => {
    expect(readFileSync(join(ROOT, 'docs', file), 'utf8')).toBe(text);
  });

  it('the tables that forms explain are those of the client', () => {
    expect(readFileSync(join(ROOT, 'libs/sdk/reference.ts'), 'utf8')).toBe(referenceModule());
  });
});
