import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, MINUTE, ManualClock, toRfc3339 } from '#core';

import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createCertificate } from '../certificates/pki.js';
import { type TestIssuer, createIssuer, requireCreated } from '../signing/issuer.js';
import { signIn } from './people.js';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../../docs/auditing.md'), 'utf8');

/** The calls of a chapter of the document, below the path of the tenant. */
function documented(title: string): string[] {
  const chapter = DOCUMENT.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const urls = [...chapter.matchAll(/"\$[HC]([^"]+)"/g)].map(([, url]) => url!);
  return urls.map((url) =>
    /^[/?]/.test(url) && !url.startsWith('/v1/') ? `audit-events${url}` : url.replace('/v1/tenants/acme/', ''),
  );
}

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
let auditor: { token?: string | undefined };
/** What stands for the variables of the document. */
const values: Record<string, string> = {};
let tokenIds: string[];

/** What the calls of a chapter answer. */
async function bodiesOf(title: string): Promise<Shape[]> {
  const calls = documented(title);
  expect([title, calls.length > 0]).toEqual([title, true]);
  const bodies: Shape[] = [];
  for (const call of calls) {
    const filled = call.replaceAll(/\$(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? `no ${name}`));
    const { status, body } = await server.get(`${tenant.path}/${filled}`, auditor);
    expect([call, status]).toEqual([call, 200]);
    bodies.push(body);
  }
  return bodies;
}
const answersOf = async (title: string): Promise<Shape[][]> =>
  (await bodiesOf(title)).map(({ items }) => items as unknown as Shape[]);
const actionsOf = async (title: string): Promise<unknown[]> =>
  (await answersOf(title))[0]!.map(({ action, details }) =>
    action === 'request.refused' ? `${action} ${details!['code']}` : action,
  );

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'audited');
  issuer = await createIssuer(server, tenant);
  auditor = await signIn(server, tenant, 'auditor');
  const { owner, path } = tenant;

  const credentials = `${path}/services/${issuer.service.id}/credentials`;
  const listed = (await server.get(credentials, owner)).body['items'] as unknown as Shape[];
  values['CREDENTIAL_ID'] = listed.find(({ authType }) => authType === 'service_key')!['id']!;
  await server.post(`${credentials}/${values['CREDENTIAL_ID']}/discard`, undefined, owner);
  const headers = { 'X-Request-Id': 'question-of-an-auditor' };
  values['REQUEST_ID'] = headers['X-Request-Id'];
  await server.post(`${credentials}/${values['CREDENTIAL_ID']}/reveal`, undefined, { ...owner, headers });

  [values['KEY_ID'], values['KID'], values['PROFILE']] = [issuer.keyId, issuer.kid, issuer.profile];
  const workloads = { name: 'ci', issuer: 'https://ci.test', audience: 'https://chancery.test', jwks: { keys: [] } };
  const trusts = `${path}/services/${issuer.service.id}/trusts`;
  requireCreated(await server.post(trusts, { ...workloads, subject: 'deployments' }, owner));
  await issuer.sign();
  clock.advance(MINUTE);
  values['FROM'] = toRfc3339(clock.now());
  tokenIds = [(await issuer.sign()).body['tokenId']!, (await issuer.sign()).body['tokenId']!];
  clock.advance(MINUTE);
  values['TO'] = toRfc3339(clock.now());
  await issuer.sign();
  await server.post(`${path}/keys/${issuer.keyId}/versions/${issuer.kid}/retire`, undefined, owner);
  await server.post(`${path}/keys/${issuer.keyId}/rotate`, { immediately: true }, owner);

  const { kid } = await createCertificate(server, tenant);
  values['CERTIFICATE_KID'] = kid;
  for (const reason of ['superseded', 'superseded', 'affiliationChanged']) {
    await server.post(`${path}/certificates/${kid}/revoke`, { reason }, owner);
  }
  await server.post(`${path}/certificates/${kid}/hold`, undefined, owner);

  await server.patch(path, { settings: { keyDeletionDays: 9 } }, owner);
  await server.post('/v1/auth/login', { email: owner.email, password: 'not the password of the owner' });
  values['EMAIL'] = owner.email;
  values['DAY'] = toRfc3339(clock.now()).slice(0, 10);
  requireCreated(await server.post(`${path}/services`, { name: 'after the credential' }, owner));
});
afterAll(() => server.close());

describe('the questions of docs/auditing.md', () => {
  it('the life of a credential is one call, with the refusals', async () => {
    expect(await actionsOf('What happened to a credential, with every refusal')).toEqual([
      'credential.created',
      'request.refused LAST_ACTIVE_CREDENTIAL',
      'credential.revealed',
      ...Array.from({ length: 4 }, () => 'token.issued'),
    ]);
  });

  it('the life of a key is one call, with the refusals of actions on its versions', async () => {
    expect(await actionsOf('What happened to a key, with every refusal')).toEqual([
      'key.generated',
      'request.refused LAST_ACTIVE_KEY_VERSION',
      'key.version_retired',
      'key.rotated',
    ]);
  });

  it('the life of a certificate is one call, with the refusals', async () => {
    expect(await actionsOf('What happened to a certificate, with every refusal')).toEqual([
      'certificate.intended',
      'certificate.issued',
      'certificate.revoked',
      'request.refused WRONG_STATE',
    ]);
  });

  it('every token under a kid between two times is one call', async () => {
    const [events] = await answersOf('Which tokens were signed with a kid between two times');
    expect(events!.map(({ tokenId }) => tokenId)).toEqual(tokenIds.toReversed());
  });

  it('who revealed a secret is one call', async () => {
    const [events] = await answersOf('Who revealed a secret');
    expect(events).toMatchObject([
      { action: 'credential.revealed', actor: { name: tenant.owner.email }, target: { id: values['CREDENTIAL_ID'] } },
    ]);
  });

  it('what changed in the settings is one call, with the values before and after', async () => {
    const [events] = await answersOf('What changed in the settings of the tenant');
    expect(events).toMatchObject([{ before: { settings: {} }, after: { settings: { keyDeletionDays: 9 } } }]);
  });

  it('the sign-ins that failed are one call', async () => {
    const [events] = await answersOf('Which sign-ins failed');
    expect(events).toMatchObject([
      { outcome: 'denied', details: { email: tenant.owner.email, code: 'INVALID_CREDENTIALS' } },
    ]);
  });

  it('all that belongs to one request is one call', async () => {
    expect(await actionsOf('What belongs to one request')).toEqual(['credential.revealed']);
  });

  it('what the tenant had, and who could sign, at a time are one call each', async () => {
    const [had] = await bodiesOf('What the tenant had at a time');
    expect(had).toMatchObject({
      at: values['FROM'],
      keys: { items: [{ id: issuer.keyId, versions: [{ state: 'active' }] }] },
    });
    const [signers, trusts, exchanged] = await bodiesOf('Who could sign with a profile at a time');
    expect(signers).toMatchObject({ refusal: null, kid: issuer.kid });
    const signer = (member: string) => (signers!['items'] as unknown as Shape[]).filter((one) => one[member] !== null);
    expect([signer('credentialId').length, signer('trustId').length]).toEqual([2, 1]);
    const service = { serviceId: issuer.service.id, issuer: 'https://ci.test' };
    expect(trusts).toMatchObject({ items: [{ action: 'trust.created', after: service }] });
    expect(exchanged).toMatchObject({ items: [] });
  });

  it('what one person did and what was refused are one call each', async () => {
    const [byPerson, refused] = await answersOf('What one person did, and what was refused');
    expect(new Set(byPerson!.map(({ actor }) => actor!['name']))).toEqual(new Set([tenant.owner.email]));
    expect(new Set(refused!.map(({ outcome }) => outcome))).toEqual(new Set(['denied']));
    expect(refused!.length).toBeGreaterThan(3);
  });

  it('when something happened is one call: the number of events in each hour of a day', async () => {
    clock.advance(2 * HOUR);
    // The sessions have ended.
    auditor = { token: await server.login(tenant.owner.email, PASSWORD) };
    requireCreated(await server.post(`${tenant.path}/services`, { name: 'two hours later' }, auditor));
    const { items } = (await server.get(`${tenant.path}/audit-events?limit=200`, auditor)).body;
    const day = values['DAY']!;
    const hours = Array<number>(24).fill(0);
    for (const event of items as unknown as Shape[]) {
      const occurredAt = String(event['occurredAt']);
      if (occurredAt.startsWith(day)) hours[Number(occurredAt.slice(11, 13))]! += 1;
    }
    const [density] = await bodiesOf('When something happened');
    expect(density).toEqual({ day: `${day}T00:00:00.000Z`, hours, erasedBefore: 0 });
    expect(hours.filter((count) => count > 0).length).toBe(2);
    const before = await server.get(`${tenant.path}/audit-events/density?day=2001-01-01`, auditor);
    expect(before.body['hours']).toEqual(Array(24).fill(0));
  });
});
