import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
});
afterAll(() => server.close());

describe('a request that belongs to a trace', () => {
  it('a request that belongs to a trace is found by its id in the answer, the problem, the log and the history', async () => {
    const { token } = tenant.owner;
    const made = await server.post(`${tenant.path}/services`, { name: 'traced' }, { token, headers });
    expect([made.status, made.headers.get('x-request-id')]).toEqual([201, TRACE]);
    const refused = await server.get(`${tenant.path}/services/none`, { token, headers });
    expect(refused.body['requestId']).toBe(TRACE);
    const events = (await server.get(`${tenant.path}/audit-events`, { token })).body['items'] as unknown as Shape[];
    expect(events.filter(({ requestId }) => requestId === TRACE).map(({ action }) => action)).toContain(
      'service.created',
    );
    expect(server.logs.filter((line) => line.includes(`"requestId":"${TRACE}"`)).length).toBeGreaterThanOrEqual(2);
  });

  it('a request that belongs to a trace and has an id of its own has both in the log', async () => {
    await server.get('/health/live', { headers: { ...headers, 'X-Request-Id': 'own-id' } });
    expect(server.logs.find((line) => line.includes('"requestId":"own-id"'))).toContain(`"traceId":"${TRACE}"`);
  });
});
