import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock } from '#core';

import { type ScriptedProvider, startScriptedProvider } from '../../support/identity-provider.js';
import { createApiToken } from '../../support/people.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { REACHABLE } from '../admin/company.js';
import { createService } from '../signing/issuer.js';
import { type Workload, exchangeToken, workloadOf } from './workload.js';

const clock = new ManualClock();
let server: TestServer;
let issuer: ScriptedProvider;
let workload: Workload;
let tenant: TestTenant;
beforeAll(async () => {
  issuer = await startScriptedProvider();
  workload = workloadOf(issuer, clock);
  server = await startTestServer({ clock, environment: REACHABLE });
  tenant = await createTenant(server);
});
afterAll(() => Promise.all([server.close(), issuer.close()]));

const job = (more?: object) => workload.job(more);

/** A service of its own for a test, with a trust. */
async function trusting(more: object = {}): Promise<{ serviceId: string; path: string; trustId: string }> {
  const { id: serviceId } = await createService(server, tenant);
  const path = `${tenant.path}/services/${serviceId}/trusts`;
  const created = await server.post(path, workload.rules(more), tenant.owner);
  return { serviceId, path, trustId: created.body['id']! };
}

describe('a token of a workload that is tried', () => {
  it('a token of a workload that is tried is checked against each trust of its issuer, and is not used up', async () => {
    const { serviceId, path, trustId } = await trusting({ singleUse: true });
    const staging = await server.post(
      path,
      workload.rules({ name: 'staging', claims: { repository_id: '75' } }),
      tenant.owner,
    );
    const tried = async (token: string | Promise<string>) => {
      const { status, body } = await server.post(`${path}/try`, { token: await token }, tenant.owner);
      expect(status).toBe(200);
      return body;
    };
    const token = await issuer.sign(job());
    const other = { trustId: staging.body['id'], name: 'staging', code: 'CLAIM_NOT_TRUSTED', claim: 'repository_id' };
    const accepting = { trustId, name: 'ci', code: null, claim: null };
    for (let times = 0; times < 2; times += 1)
      expect(await tried(token)).toEqual({ accepted: true, code: null, trusts: [accepting, other] });
    expect((await exchangeToken(server, serviceId, token)).status).toBe(200);
    expect((await tried(token))['trusts']![0]).toEqual({ ...accepting, code: 'DUPLICATE_JTI' });

    const codes = async (more: object) => {
      const { accepted, code, trusts } = (await tried(issuer.sign(job(more)))) as never as {
        accepted: boolean;
        code: string;
        trusts: { code: string }[];
      };
      expect(accepted).toBe(false);
      return [code, ...trusts.map((trial) => trial.code)];
    };
    expect(await codes({ aud: 'https://other.test' })).toEqual(Array(3).fill('AUDIENCE_NOT_TRUSTED'));
    expect(await codes({ sub: 'repo:acme/other:x' })).toEqual(Array(3).fill('SUBJECT_NOT_TRUSTED'));
    expect(await codes({ exp: workload.now() - 120 })).toEqual(Array(3).fill('EXPIRED_TOKEN'));
    expect(await codes({ iss: 'https://unknown.example' })).toEqual(['UNTRUSTED_ISSUER']);
    expect(await tried('no token')).toEqual({ accepted: false, code: 'MALFORMED_TOKEN', trusts: [] });
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`;
    expect((await tried(forged))['code']).toBe('INVALID_SIGNATURE');
  });

  it('a token of a workload that is tried leaves nothing in the history, and needs the right to write trusts', async () => {
    const { path } = await trusting();
    const { token: readOnly } = await createApiToken(server, tenant, ['services:read']);
    const token = await issuer.sign(job({ aud: 'https://other.test' }));
    const before = (await server.get(`${tenant.path}/audit-events?limit=1`, tenant.owner)).body['items']![0]![
      'sequence'
    ];
    expect((await server.post(`${path}/try`, { token }, tenant.owner)).body['accepted']).toBe(false);
    const after = (await server.get(`${tenant.path}/audit-events?limit=1`, tenant.owner)).body['items']![0]![
      'sequence'
    ];
    expect(after).toBe(before);
    expect((await server.post(`${path}/try`, { token }, { token: readOnly })).status).toBe(403);
    expect(server.logs.join('\n')).not.toContain(token);
  });
});
