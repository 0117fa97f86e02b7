import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { permissionRow } from '#tenants';

import { type DeclaredRoute, declaredRoutes } from '../../../apps/server/src/http/declared-routes.js';
import { isStored } from '../../../apps/server/src/http/idempotency.guard.js';
import { PASSWORD, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { nameOf, routesOf } from './routes.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Whether a handler, or a method of its controller that it calls, answers by `answerOnce`. */
function answersOnce({ handler, controller }: Pick<DeclaredRoute, 'handler' | 'controller'>): boolean {
  const source = handler.toString();
  const methods = controller.prototype as Record<string, Function | undefined>;
  const called = [...source.matchAll(/this\.(\w+)\(/g)].map(([, name]) => methods[name!]?.toString() ?? '');
  return [source, ...called].some((text) => text.includes('answerOnce'));
}

describe('a POST in the scope of a caller', () => {
  it('a POST in the scope of a caller stores its answer with its work, or says that it stores none', () => {
    const { app } = server.server;
    const routes = routesOf(app).filter(({ method }) => method === 'POST');
    const inScope = routes.filter(
      ({ permission }) => permission !== undefined && permissionRow(permission).audience !== 'user',
    );
    const declared = declaredRoutes(app);
    const without = inScope.filter((route) => {
      const own = declared.filter(({ name }) => name === route.handler);
      return !own.some((found) => answersOnce(found) || !isStored(found.handler, found.controller));
    });
    expect(without.map(nameOf)).toEqual([]);
    expect(inScope.length).toBeGreaterThan(30);
  });

  it('a POST in the scope of a caller that did neither would be found', () => {
    class Careless {
      create() {
        return this.present();
      }
      private present() {
        return 'created';
      }
    }
    expect(answersOnce({ handler: Careless.prototype.create, controller: Careless })).toBe(false);
  });
});

describe('a POST of the session of the caller', () => {
  it('a POST of the session of the caller is done as usual where an idempotency key is sent with it', async () => {
    const { owner } = await createTenant(server);
    const headers = { 'Idempotency-Key': 'one' };
    const change = { currentPassword: PASSWORD, newPassword: 'another password, long enough' };
    for (const [path, body] of [['password', change] as const, ['logout', undefined] as const]) {
      const { status, text } = await server.post(`/v1/auth/${path}`, body, { ...owner, headers });
      expect([path, status, text]).toEqual([path, 204, '']);
    }
  });
});
