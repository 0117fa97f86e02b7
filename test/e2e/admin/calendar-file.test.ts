import ICAL from 'ical.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, toRfc3339 } from '#core';

import { createApiToken } from '../../support/people.js';
import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
let token: { readonly id: string; readonly token: string };
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'acme');
  other = await createTenant(server, 'beside');
  const created = await server.post(`${tenant.path}/services`, { name: 'crm' }, tenant.owner);
  const path = `${tenant.path}/services/${created.body['service']!['id']!}/credentials`;
  const expiresAt = toRfc3339(server.clock.now() + 10 * DAY);
  await server.post(path, { authType: 'jwt', name: 'billing', expiresAt }, tenant.owner);
  token = await createApiToken(server, tenant, ['expirations:read']);
});
afterAll(() => server.close());

const file = (of: TestTenant, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  server.get(`${of.path}/expirations.ics${query}`, { headers });
const summariesIn = ({ text }: Answer): string[] =>
  new ICAL.Component(ICAL.parse(text) as unknown[])
    .getAllSubcomponents('vevent')
    .map((component) => new ICAL.Event(component).summary);

describe('the calendar file', () => {
  it('the calendar file is read by a token in its URL that reads the calendar and nothing else', async () => {
    const answer = await file(tenant, `?token=${token.token}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8']);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    const summaries = summariesIn(answer);
    expect(summaries).toContain('credential billing expires');
    expect(summaries.every((summary) => !summary.includes('is signed anew'))).toBe(true);
    expect(summariesIn(await server.get(`${tenant.path}/expirations.ics`, tenant.owner))).toEqual(summaries);
  });

  it('the calendar file is not sent again to a program that has it', async () => {
    const etag = (await file(tenant, `?token=${token.token}`)).headers.get('etag')!;
    const again = await file(tenant, `?token=${token.token}`, { 'If-None-Match': etag });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('the calendar file is not given for other tokens in its URL', async () => {
    const broader = await createApiToken(server, tenant, ['expirations:read', 'keys:read']);
    const of = await createApiToken(server, tenant, ['keys:read']);
    const revoked = await createApiToken(server, tenant, ['expirations:read']);
    await server.delete(`${tenant.path}/api-tokens/${revoked.id}`, undefined, tenant.owner);
    const unknown = `chat_${'0'.repeat(49)}`;
    for (const wrong of [broader.token, of.token, revoked.token, tenant.owner.token, unknown, '']) {
      const { status, body, text } = await file(tenant, `?token=${wrong}`);
      expect([status, body['code']]).toEqual([401, 'INVALID_CREDENTIALS']);
      if (wrong !== '') expect(text).not.toContain(wrong);
    }
    expect((await file(tenant, '')).body['code']).toBe('CREDENTIALS_REQUIRED');
    expect((await file(other, `?token=${token.token}`)).status).toBe(404);
    const { status } = await server.get(`${tenant.path}/expirations.ics`, { token: broader.token });
    expect(status).toBe(200);
  });

  it('a token in a URL that holds more than the calendar is an event: it may be in logs', async () => {
    const broader = await createApiToken(server, tenant, ['expirations:read', 'keys:read']);
    await file(tenant, `?token=${broader.token}`);
    const query = `audit-events?action=api_token.use_refused&credentialId=${broader.id}`;
    const { items } = (await server.get(`${tenant.path}/${query}`, tenant.owner)).body;
    expect(items).toMatchObject([{ outcome: 'denied', details: { code: 'API_TOKEN_TOO_BROAD_FOR_URL' } }]);
  });

  it('a token in a URL is accepted for the calendar file alone', async () => {
    for (const path of ['expirations', 'services', 'keys']) {
      const { status, body } = await server.get(`${tenant.path}/${path}?token=${token.token}`);
      expect([path, status, body['code']]).toEqual([path, 401, 'CREDENTIALS_REQUIRED']);
    }
  });

  it('a token in a URL is in no log, no error and no event', async () => {
    await file(tenant, `?token=${token.token}`);
    await file(other, `?token=${token.token}`);
    const { text } = await server.get(`${tenant.path}/audit-events?limit=200`, tenant.owner);
    expect(server.logs.join('')).not.toContain(token.token);
    expect(text).not.toContain(token.token);
  });
});
