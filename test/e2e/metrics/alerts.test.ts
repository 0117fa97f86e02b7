import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Deliveries } from '#announcements';
import { Checkpoints } from '#audit';
import { DAY, HOUR, MINUTE, SECOND, systemOrigin, toRfc3339 } from '#core';

import type { EntityClass } from '#database';

import { metricTable } from '../../../apps/server/src/reference.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { metricOf, parseExposition } from '../../support/metrics.js';
import { PASSWORD, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from '../signing/issuer.js';

const ALERTS = 'deploy/prometheus/alerts.yaml';
const TOKEN = 'a-token-for-the-one-who-scrapes';
/** More verifications of one token than the alert permits in five minutes. */
const REPLAYS = 120;

/** Whether `promtool` is installed, as it is in continuous integration. */
const isPromtoolInstalled = spawnSync('promtool', ['--version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'chancery-alerts-'));
let database: TestDatabase;
let server: TestServer;
let issuer: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, environment: { CHANCERY_METRICS_TOKEN: TOKEN } });
  issuer = await createIssuer(server, await createTenant(server));
});
afterAll(async () => {
  await server.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const scrape = async (from: TestServer): Promise<ReadonlyMap<string, number>> =>
  new Map(parseExposition((await from.get('/metrics', { token: TOKEN })).text).map(({ id, value }) => [id, value]));

const isInstant = (id: string): boolean => id.includes('_timestamp_seconds');

/**
 * The alerts that Prometheus raises over two hours in which a server shows the first scrape once and then the second. It
 * begins to count at 0, so that instants are given relative to the second scrape; they go on where the server goes on.
 */
function alertsOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  { goesOn = false } = {},
): string[] {
  const now = server.clock.now();
  const relative = (id: string, value: number): number =>
    id.includes('_timestamp_seconds') ? value - now / SECOND : value;
  const own = [...after].filter(([id]) => id.startsWith('chancery_'));
  const series = own.map(([id, value]) => ({
    series: id,
    values: `${relative(id, before.get(id) ?? 0)} ${relative(id, value)}${goesOn && isInstant(id) ? '+60' : ''}x120`,
  }));
  const rules = readFileSync(ALERTS, 'utf8');
  const names = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name!);
  writeFileSync(join(folder, 'alerts.yaml'), rules);
  // Prometheus is told that nothing is raised, and names in its answer what is.
  const silent = ['5m', '110m'].flatMap((eval_time) =>
    names.map((alertname) => ({ eval_time, alertname, exp_alerts: [] })),
  );
  const test = {
    rule_files: ['alerts.yaml'],
    evaluation_interval: '1m',
    tests: [{ interval: '1m', input_series: series, alert_rule_test: silent }],
  };
  writeFileSync(join(folder, 'test.yaml'), JSON.stringify(test));
  const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.yaml'], { cwd: folder, encoding: 'utf8' });
  const told = stdout + stderr;
  if (!/SUCCESS|alertname: /.test(told)) throw new Error(`promtool did not run: ${told}`);
  return [...new Set([...told.matchAll(/alertname: (\w+), time: \w+,/g)].map(([, name]) => name!))].toSorted();
}

describe('files for Prometheus and Grafana', () => {
  it.each([ALERTS, 'deploy/grafana/chancery.json'])('every metric that %s names exists', (file) => {
    const named = [...readFileSync(file, 'utf8').matchAll(/\bchancery_\w+/g)].map(([name]) => name);
    const isHistogram = (name: string): boolean => metricTable[name]?.kind === 'histogram';
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !Object.hasOwn(metricTable, metricOf(name, isHistogram)))).toEqual([]);
  });

  it('the dashboard shows every metric of the table', () => {
    const dashboard = readFileSync('deploy/grafana/chancery.json', 'utf8');
    expect(Object.keys(metricTable).filter((name) => !dashboard.includes(name))).toEqual([]);
  });
});

describe.runIf(isPromtoolInstalled)('alerts', () => {
  it.each([
    ['rules', ALERTS],
    ['config', 'deploy/prometheus/prometheus.yaml'],
  ])('promtool accepts the %s in %s', (kind, file) => {
    expect(spawnSync('promtool', ['check', kind, file], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });

  it('promtool finds nothing to say about the names of what this product measures', async () => {
    const { text } = await server.get('/metrics', { token: TOKEN });
    const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect((stdout + stderr).split('\n').filter((line) => line.startsWith('chancery_'))).toEqual([]);
  });

  it('a server that works raises no alert', async () => {
    await server.runScheduler();
    const seen = await scrape(server);
    expect(alertsOf(seen, seen, { goesOn: true })).toEqual([]);
  });

  it('a server without the right master key raises ChancerySealed', async () => {
    const environment = { CHANCERY_METRICS_TOKEN: TOKEN, CHANCERY_MASTER_KEY: randomBytes(32).toString('base64') };
    const sealed = await startTestServer({ database, environment });
    const seen = await scrape(sealed);
    await sealed.close();
    expect(alertsOf(seen, seen)).toContain('ChancerySealed');
  });

  it('a scheduler that waits for a row raises ChancerySchedulerStuck, and its due item ChancerySchedulerOverdue', async () => {
    const { id: serviceId } = issuer.service;
    const path = `${issuer.tenant.path}/services/${serviceId}/credentials`;
    const expiresAt = toRfc3339(server.clock.now() + HOUR);
    expect((await server.post(path, { authType: 'service_key', expiresAt }, issuer.tenant.owner)).status).toBe(201);
    await server.runScheduler();
    await server.setTime(server.clock.now() + 2 * HOUR);
    const { database: data } = server.server.installation;
    const services = data.entities.find(({ name }) => name === 'Service') as EntityClass<{ id: string }>;
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = data.transaction({ ...systemOrigin('test'), tenantId: issuer.tenant.id }, async (tx) => {
      tx.housekeeping('holds the row that the scheduler needs');
      await tx.lock(services, { id: serviceId });
      held.resolve();
      await released.promise;
    });
    await held.promise;
    const running = server.runScheduler();
    const seen = await scrape(server);
    released.resolve();
    await holding;
    await running;
    const raised = alertsOf(seen, seen);
    expect(raised).toContain('ChancerySchedulerStuck');
    expect(raised).toContain('ChancerySchedulerOverdue');
    await server.setTime(server.clock.now() + MINUTE);
    const after = await scrape(server);
    expect(alertsOf(after, after, { goesOn: true })).not.toContain('ChancerySchedulerOverdue');
  });

  it('events that no process signs raise ChanceryHistoryUnsigned, until they are signed', async () => {
    await server.setTime(server.clock.now() + 5 * MINUTE);
    const unsigned = await scrape(server);
    expect(alertsOf(unsigned, unsigned)).toContain('ChanceryHistoryUnsigned');
    await server.server.app.get(Checkpoints).publishDue();
    await server.setTime(server.clock.now() + MINUTE);
    const signed = await scrape(server);
    expect(alertsOf(signed, signed)).not.toContain('ChanceryHistoryUnsigned');
  });

  it('an e-mail that is not sent raises ChanceryMailWaits', () => {
    const none = new Map([['chancery_mail_waiting_seconds', 0]]);
    expect(alertsOf(none, new Map([['chancery_mail_waiting_seconds', 1_000]]))).toContain('ChanceryMailWaits');
    expect(alertsOf(none, none)).not.toContain('ChanceryMailWaits');
    const failed = 'chancery_mails_total{outcome="failed"}';
    expect(alertsOf(new Map([[failed, 0]]), new Map([[failed, 1]]))).toContain('ChanceryMailRejected');
  });

  it('a key store that does not answer raises ChanceryKeyStoreDown', () => {
    const up = (value: number): ReadonlyMap<string, number> => new Map([['chancery_key_store_up{store="hsm"}', value]]);
    expect(alertsOf(up(1), up(0))).toContain('ChanceryKeyStoreDown');
    expect(alertsOf(up(1), up(1))).not.toContain('ChanceryKeyStoreDown');
  });

  it('a credential that ends within days raises ChanceryCredentialsExpire', async () => {
    const path = `${issuer.tenant.path}/services/${issuer.service.id}/credentials`;
    const token = await server.login(issuer.tenant.owner.email, PASSWORD);
    const expiresAt = toRfc3339(server.clock.now() + 3 * DAY);
    expect((await server.post(path, { authType: 'jwt', expiresAt }, { token })).status).toBe(201);
    await server.setTime(server.clock.now() + MINUTE);
    const seen = await scrape(server);
    expect(alertsOf(seen, seen)).toContain('ChanceryCredentialsExpire');
  });

  it('one token that is shown again and again raises ChanceryReplayStorm', async () => {
    const { token } = (await issuer.sign()).body;
    const show = () => server.post('/v1/verify', { profile: issuer.profile, token, consume: true }, issuer.service);
    await show();
    await show();
    const before = await scrape(server);
    for (let n = 0; n < REPLAYS; n += 1) expect((await show()).body['code']).toBe('DUPLICATE_JTI');
    const after = await scrape(server);
    expect(alertsOf(before, after)).toContain('ChanceryReplayStorm');
    expect(alertsOf(before, before)).not.toContain('ChanceryReplayStorm');
  });

  it.each(['refused', 'waited'])(
    'deliveries of a webhook that are given up raise ChanceryWebhookGivenUp: %s',
    async (reason) => {
      const { path, owner } = issuer.tenant;
      const login = async () => ({ token: await server.login(owner.email, PASSWORD) });
      const request = { url: 'https://localhost/', actions: ['webhook.created'] };
      const { body } = await server.post(`${path}/webhooks`, request, await login());
      const deliver = () => server.server.app.get(Deliveries).deliverDue();
      await deliver();
      const before = await scrape(server);
      if (reason === 'waited') {
        await server.post(`${path}/webhooks/${body['webhook']!['id']}/disable`, undefined, await login());
      }
      await server.setTime(server.clock.now() + (reason === 'waited' ? 30 * DAY : 3 * DAY) + MINUTE);
      await server.runScheduler();
      await deliver();
      const after = await scrape(server);
      const id = `chancery_webhook_deliveries_given_up_total{reason="${reason}"}`;
      expect(before.get(id)).toBe(0);
      expect(after.get(id)).toBeGreaterThan(0);
      expect(alertsOf(before, after)).toContain('ChanceryWebhookGivenUp');
      expect(alertsOf(before, before)).not.toContain('ChanceryWebhookGivenUp');
    },
  );
});
