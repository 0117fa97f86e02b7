import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { ManualClock, MINUTE, systemClock } from '#core';
import { createClient, dataOf } from '#sdk';
import { type TokenSource, githubActions, tokenFile, workloadIdentity } from '#sdk/workload';

import { type RealProvider, WORKLOAD, startRealProvider } from '../../support/identity-provider.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { REACHABLE } from '../admin/company.js';
import { createService } from '../signing/issuer.js';

const AUDIENCE = 'https://chancery.test';

// The provider goes by the real time.
const clock = new ManualClock(systemClock.now());
let server: TestServer;
let tenant: TestTenant;
let provider: RealProvider;
const folder = mkdtempSync(join(tmpdir(), 'chancery-workload-'));
beforeAll(async () => {
  provider = await startRealProvider();
  server = await startTestServer({ clock, environment: REACHABLE });
  tenant = await createTenant(server, 'workloads');
});
afterAll(async () => {
  await Promise.all([server.close(), provider.close()]);
  rmSync(folder, { recursive: true });
});

/** A service of its own that trusts the workload, and a client of the workload. */
async function workload(token: TokenSource, more: object = {}) {
  const { id: serviceId } = await createService(server, tenant);
  const trusts = `${tenant.path}/services/${serviceId}/trusts`;
  const rules = { name: 'checkout', issuer: provider.issuer, audience: AUDIENCE, subject: WORKLOAD, ...more };
  const created = await server.post(trusts, rules, tenant.owner);
  expect(created.status).toBe(201);
  const sent: string[] = [];
  const options = {
    baseUrl: server.url,
    now: () => clock.now(),
    sleep: async () => undefined,
    fetch: async (request: Request) => {
      const answer = await fetch(request);
      sent.push(`${new URL(request.url).pathname} ${answer.status}`);
      return answer;
    },
  };
  const credentials = workloadIdentity({ ...options, serviceId, token });
  const client = createClient({ ...options, credentials });
  return { serviceId, client, credentials, sent, trust: `${trusts}/${created.body['id']}` };
}
const EXCHANGED = '/v1/token-exchange 200';
const WELCOME = '/v1/whoami 200';

describe('a workload of the SDK', () => {
  it('a workload exchanges the token of a real provider once for many requests, and another one before the end', async () => {
    const { client, serviceId, credentials, sent } = await workload(() => provider.workloadToken(AUDIENCE));
    const answers = await Promise.all([1, 2, 3].map(() => dataOf(client.GET('/v1/whoami'))));
    for (const { service, authType } of answers) expect([service.id, authType]).toEqual([serviceId, 'workload']);
    expect(sent).toEqual([EXCHANGED, WELCOME, WELCOME, WELCOME]);
    const first = await credentials.headers();
    await server.setTime(clock.now() + 14 * MINUTE + 1);
    // The present one is given out until the next has come.
    expect(await credentials.headers()).toEqual(first);
    await expect.poll(() => credentials.headers()).not.toEqual(first);
    await dataOf(client.GET('/v1/whoami'));
    expect(sent.slice(4)).toEqual([EXCHANGED, WELCOME]);
  });

  it('a workload reads the file of its token again for each exchange', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, 'a token of yesterday\n');
    const { client, sent, credentials } = await workload(tokenFile(path), { singleUse: true });
    await expect(dataOf(client.GET('/v1/whoami'))).rejects.toMatchObject({
      status: 400,
      code: 'SUBJECT_TOKEN_REJECTED',
      message: expect.stringContaining('not accepted for this service') as string,
    });
    writeFileSync(path, `${await provider.workloadToken(AUDIENCE)}\n`);
    expect((await dataOf(client.GET('/v1/whoami'))).authType).toBe('workload');
    // A token that is accepted once: what follows needs the next one of the file.
    expect(await credentials.renew!()).toBe(false);
    writeFileSync(path, await provider.workloadToken(AUDIENCE));
    expect(await credentials.renew!()).toBe(true);
    expect(sent).toEqual(['/v1/token-exchange 400', EXCHANGED, WELCOME, '/v1/token-exchange 400', EXCHANGED]);
    rmSync(path);
    await expect(credentials.renew!()).rejects.toThrow('ENOENT');
  });

  it('a workload whose credential was ended exchanges a token once more, and gives up where it is trusted no longer', async () => {
    const { client, credentials, sent, trust } = await workload(() => provider.workloadToken(AUDIENCE));
    await dataOf(client.GET('/v1/whoami'));
    const { Authorization } = await credentials.headers();
    const leaked = { secret: Authorization!.replace('Bearer ', ''), compromise: true };
    expect((await server.post(`${tenant.path}/leaks`, leaked, tenant.owner)).status).toBe(200);
    const answers = await Promise.all([1, 2].map(() => dataOf(client.GET('/v1/whoami'))));
    expect(answers.map(({ authType }) => authType)).toEqual(['workload', 'workload']);
    expect(sent.filter((line) => line === EXCHANGED)).toHaveLength(2);
    await server.delete(trust, undefined, tenant.owner);
    sent.length = 0;
    await expect(dataOf(client.GET('/v1/whoami'))).rejects.toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
    expect(sent).toEqual(['/v1/whoami 401', '/v1/token-exchange 400']);
  });

  it('a workload of GitHub Actions asks for a token of the audience with what its job was given', async () => {
    const asked: string[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      const isGiven = request.headers.authorization === 'Bearer of the job';
      const audience = new URL(request.url!, 'http://github.test').searchParams.get('audience')!;
      const value = await provider.workloadToken(audience);
      response.writeHead(isGiven ? 200 : 403).end(JSON.stringify(isGiven ? { count: 1, value } : {}));
    };
    const github = createServer((...exchange) => void answer(...exchange));
    await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void github.close());
    const requestUrl = `http://127.0.0.1:${(github.address() as AddressInfo).port}/token?api-version=2.0`;
    const { client } = await workload(githubActions({ audience: AUDIENCE, requestUrl, requestToken: 'of the job' }));
    expect((await dataOf(client.GET('/v1/whoami'))).authType).toBe('workload');
    expect(asked).toEqual(['/token?api-version=2.0&audience=https%3A%2F%2Fchancery.test Bearer of the job']);
    const refused = githubActions({ audience: AUDIENCE, requestUrl, requestToken: 'of another' });
    await expect(refused()).rejects.toThrow('GitHub gave no ID token: it answered with status 403');
  });
});
