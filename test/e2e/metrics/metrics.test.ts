import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE } from '#core';

import { MetricsListener } from '../../../apps/server/src/metrics/metrics-listener.js';
import { metricTable } from '../../../apps/server/src/reference.js';
import { type Series, metricOf, parseExposition } from '../../support/metrics.js';
import { ADMIN, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from '../signing/issuer.js';

const TOKEN = 'a-token-for-the-one-who-scrapes';
/** More than the routes, states and codes that one test server meets; fewer than one for each request. */
const SERIES_OF_A_METRIC_MAX = 1_000;

let server: TestServer;
let issuer: TestIssuer;
beforeAll(async () => {
  server = await startTestServer({ environment: { CHANCERY_METRICS_TOKEN: TOKEN } });
  issuer = await createIssuer(server, await createTenant(server, 'measured-tenant'));
});
afterAll(() => server.close());

const isHistogram = (name: string): boolean => metricTable[name]?.kind === 'histogram';
const scrape = async (from = server): Promise<Series[]> =>
  parseExposition((await from.get('/metrics', { token: TOKEN })).text);
/** The value of the series with these labels; 0 where there is none. */
const valueOf = (series: readonly Series[], name: string, labels: Record<string, string> = {}): number =>
  series
    .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);

describe('GET /metrics', () => {
  it('metrics are shown for the token, and for nothing else', async () => {
    const shown = await server.get('/metrics', { token: TOKEN });
    expect([shown.status, shown.headers.get('content-type'), shown.headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
    const refused = [
      await server.get('/metrics'),
      await server.get('/metrics', { token: `${TOKEN}x` }),
      await server.get('/metrics', { token: await server.login() }),
      await server.get('/metrics', { headers: { Authorization: TOKEN } }),
    ];
    expect(refused.map(({ status, body }) => [status, body['code']])).toEqual([
      [401, 'CREDENTIALS_REQUIRED'],
      [401, 'INVALID_CREDENTIALS'],
      [401, 'INVALID_CREDENTIALS'],
      [401, 'INVALID_CREDENTIALS'],
    ]);
  });

  it('metrics have the names and the labels of their table, and every metric of the table is declared to Prometheus', async () => {
    await issuer.sign();
    const { text } = await server.get('/metrics', { token: TOKEN });
    const types = Object.fromEntries(
      [...text.matchAll(/^# TYPE (chancery_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    );
    expect(types).toEqual(Object.fromEntries(Object.entries(metricTable).map(([name, { kind }]) => [name, kind])));
    const own = parseExposition(text).filter(({ name }) => name.startsWith('chancery_'));
    expect(own.length).toBeGreaterThan(50);
    for (const { name, labels } of own) {
      const expected = metricTable[metricOf(name, isHistogram)]!.labels;
      expect(Object.keys(labels).filter((label) => label !== 'le')).toEqual(expected);
    }
  });

  it('tokens are counted by format, algorithm and outcome, and answers by pattern of the route', async () => {
    const before = await scrape();
    const { token } = (await issuer.sign()).body;
    await issuer.verify(token!);
    await issuer.verify(`${token}x`);
    await issuer.sign({ claims: { exp: 'never' } });
    const after = await scrape();
    const more = (name: string, labels: Record<string, string>): number =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
    const made = { format: 'jwt', algorithm: 'ES256' };
    expect(more('chancery_tokens_signed_total', made)).toBe(1);
    expect(more('chancery_tokens_verified_total', { ...made, code: 'OK' })).toBe(1);
    expect(more('chancery_tokens_verified_total', made)).toBe(2);
    expect(more('chancery_signing_refusals_total', { code: 'VALIDATION_ERROR' })).toBe(1);
    const signed = { method: 'POST', route: '/v1/sign/:profile' };
    expect(more('chancery_http_request_duration_seconds_count', { ...signed, status: '200' })).toBe(1);
    expect(more('chancery_http_request_duration_seconds_count', { ...signed, status: '400' })).toBe(1);
    expect(more('chancery_authentications_total', { outcome: 'accepted' })).toBe(4);
    expect(more('chancery_group_commit_requests_sum', {})).toBeGreaterThanOrEqual(3);
    expect(more('chancery_configuration_lookups_total', { kept: 'issuers', result: 'hit' })).toBeGreaterThanOrEqual(1);
  });

  it('the buckets of a histogram are cumulative and end with its count', async () => {
    const series = (await scrape()).filter(
      ({ name, labels }) => name.startsWith('chancery_group_commit_requests') && labels,
    );
    const buckets = series.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
    expect(buckets).toEqual(buckets.toSorted((one, other) => one - other));
    expect(buckets.at(-1)).toBe(valueOf(series, 'chancery_group_commit_requests_count'));
    expect(buckets.at(-1)).toBeGreaterThan(0);
  });

  it('metrics name no tenant, no person and no secret, and what callers invent makes no series of its own', async () => {
    for (let n = 0; n < 20; n += 1) {
      await server.get(`/no-such-path-${n}`);
      await server.get(`${issuer.tenant.path}/services/${n}`, { token: issuer.tenant.owner.token });
      await issuer.sign({}, `no-such-profile-${n}`);
      await server.request('GET', '/health/live', undefined, { headers: { 'X-Request-Id': `invented-${n}` } });
    }
    const { text } = await server.get('/metrics', { token: TOKEN });
    const { id, slug, owner } = issuer.tenant;
    const secrets = [id, slug, owner.email, ADMIN.email, issuer.profile, issuer.keyId, issuer.kid, issuer.service.id];
    for (const secret of [...secrets, issuer.service.serviceKey, TOKEN, 'no-such', 'invented']) {
      expect(text).not.toContain(secret);
    }
    const perMetric = Map.groupBy(parseExposition(text), ({ name }) => metricOf(name, isHistogram));
    for (const series of perMetric.values()) expect(series.length).toBeLessThan(SERIES_OF_A_METRIC_MAX);
  });

  it('what the database answers is asked at most once a minute', async () => {
    const expiring = async (): Promise<number> =>
      valueOf(await scrape(), 'chancery_credentials_expiring', { within: '90d' });
    await server.setTime(server.clock.now() + MINUTE);
    const before = await expiring();
    const expiresAt = new Date(server.clock.now() + 60 * 24 * 60 * MINUTE).toISOString();
    const request = { authType: 'service_key', expiresAt };
    const made = await server.post(
      `${issuer.tenant.path}/services/${issuer.service.id}/credentials`,
      request,
      issuer.tenant.owner,
    );
    expect(made.status).toBe(201);
    expect(await expiring()).toBe(before);
    await server.setTime(server.clock.now() + MINUTE);
    expect(await expiring()).toBe(before + 1);
  });
});

describe('a server that names tenants in metrics', () => {
  it('as many tenants as the setting says are named by their id in metrics, and all others are counted together', async () => {
    const naming = await startTestServer({
      environment: { CHANCERY_METRICS_TOKEN: TOKEN, CHANCERY_METRICS_TENANTS: '1' },
    });
    const issuers: TestIssuer[] = [];
    for (const name of ['named-tenant', 'second-tenant', 'third-tenant']) {
      const made = await createIssuer(naming, await createTenant(naming, name));
      const { token } = (await made.sign()).body;
      await made.verify(token!);
      await made.verify(`${token}x`);
      await made.sign({ claims: { exp: 'never' } });
      issuers.push(made);
    }
    const series = (await scrape(naming)).filter(({ name }) => name.startsWith('chancery_tenant_'));
    const [named] = issuers.map(({ tenant }) => tenant.id);
    const shown = series.map(({ name, labels, value }) => [name, ...Object.values(labels), value].join(' '));
    expect(shown.toSorted()).toEqual(
      [
        `chancery_tenant_signing_refusals_total ${named} 1`,
        'chancery_tenant_signing_refusals_total other 2',
        `chancery_tenant_tokens_signed_total ${named} 1`,
        'chancery_tenant_tokens_signed_total other 2',
        `chancery_tenant_tokens_verified_total ${named} accepted 1`,
        `chancery_tenant_tokens_verified_total ${named} rejected 1`,
        'chancery_tenant_tokens_verified_total other accepted 2',
        'chancery_tenant_tokens_verified_total other rejected 2',
      ].toSorted(),
    );
    await naming.close();
  });
});

describe('a server without a token for metrics', () => {
  it('metrics are not found where neither a port nor a token is configured', async () => {
    const plain = await startTestServer();
    const answer = await plain.get('/metrics', { token: TOKEN });
    expect([answer.status, answer.body['code']]).toEqual([404, 'NOT_FOUND']);
    await plain.close();
  });
});

describe('the port of metrics', () => {
  it.each([
    ['everybody who reaches it', undefined, 200],
    ['who has the token, where one is configured', TOKEN, 401],
  ])('metrics on a port of their own are for %s, and not on the port of the API', async (_, token, withoutToken) => {
    const environment = {
      CHANCERY_METRICS_PORT: '0',
      ...(token === undefined ? {} : { CHANCERY_METRICS_TOKEN: token }),
    };
    const own = await startTestServer({ environment });
    const url = `http://127.0.0.1:${own.server.app.get(MetricsListener).port}`;
    expect((await fetch(`${url}/metrics`)).status).toBe(withoutToken);
    const shown = await fetch(`${url}/metrics`, {
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    expect(valueOf(parseExposition(await shown.text()), 'chancery_sealed')).toBe(0);
    expect((await fetch(`${url}/v1/tenants`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await own.get('/metrics', { token: TOKEN })).status).toBe(404);
    await own.close();
    await expect(fetch(`${url}/metrics`)).rejects.toThrow(/fetch failed/);
  });
});
