import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { createIssuer } from '../e2e/signing/issuer.js';
import { certify } from '../e2e/vendors/vendor.js';
import { type GaleraCluster, galeraAbsent, startGalera } from '../support/galera.js';
import { freePort } from '../support/gateway.js';
import { nginxProgram } from '../support/nginx.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import {
  type Shape,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../support/server.js';
import { type BehindNginx, startBehindNginx } from './behind-nginx.js';
import { ClusterLoad, LATE_REASONS, type LoadCounts, revokingOf } from './cluster-load.js';
import { type ServerProcess, awaitReady, build, request, startProcess } from './server-process.js';

// Three database servers that replicate to each other, three instances of the product behind the nginx of the deployment, and
// clients that work meanwhile. It takes the whole machine, so that it has a step of its own in continuous integration:
// `GALERA=1 npm test -- test/faults/galera-load.test.ts`, and `GALERA_MINUTES=10` for 64 connections and rounds of faults for so long.

/** Why it does not run; `undefined` where it does. */
const whyNot =
  process.env['GALERA'] !== '1'
    ? 'only with GALERA=1'
    : (galeraAbsent ?? (nginxProgram === undefined ? 'nginx is not installed' : undefined));
const NODES = 3;
const DATABASE = 'chancery';
const MINUTES = Number(process.env['GALERA_MINUTES'] ?? 0);
const CONNECTIONS = MINUTES > 0 ? 64 : 8;
const CLI = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const VERIFICATION_MILLISECONDS = 120_000;

describe.skipIf(whyNot !== undefined)(`a Galera cluster under load${whyNot ? ` (${whyNot})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-galera-load-'));
  let cluster: GaleraCluster;
  let nginx: BehindNginx | undefined;
  let setUp: TestServer;
  const ports: number[] = [];
  const processes: ServerProcess[] = [];
  const on = (node: number): ServerProcess => processes[node]!;
  const urlOf = (node: number): string => `${cluster.nodes[node]!.url}${DATABASE}`;
  const keptBy = (node: number): string => join(folder, `checkpoints-${node}.ndjson`);
  const environmentOf = (node: number) => ({
    DATABASE_URL: urlOf(node),
    CHANCERY_DATABASE_TLS: 'off',
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    CHANCERY_PUBLIC_URL: 'https://keys.example.com',
    CHANCERY_CHECKPOINT_FILE: keptBy(node),
  });
  const startOn = (node: number): Promise<ServerProcess> =>
    startProcess({ ...environmentOf(node), TRUSTED_PROXIES: '127.0.0.1', PORT: String(ports[node]) });

  beforeAll(async () => {
    build();
    cluster = await startGalera(NODES);
    await cluster.createDatabase(DATABASE);
    const database = { url: urlOf(0), drop: async () => undefined };
    const environment = { CHANCERY_PUBLIC_URL: 'https://keys.example.com' };
    setUp = await startTestServer({ database, clock: systemClock, environment });
    for (let node = 0; node < NODES; node += 1) ports.push(await freePort());
    for (let node = 0; node < NODES; node += 1) processes.push(await startOn(node));
    nginx = await startBehindNginx(nginxProgram!, ports);
  });
  afterAll(async () => {
    for (const server of processes) await server.stop();
    await nginx?.stop();
    await setUp.close();
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  async function issuerWithTwoCredentials(owned: TestTenant) {
    const issuer = await createIssuer(setUp, owned, { algorithm: 'HS256' });
    const path = `${owned.path}/services/${issuer.service.id}/credentials`;
    const created = await setUp.post(path, { authType: 'service_key' }, { token: owned.owner.token });
    const { items } = (await setUp.get(path, { token: owned.owner.token })).body;
    const first = (items as unknown as Shape[]).find(
      ({ id, authType }) => id !== created.body['id'] && authType === 'service_key',
    )!;
    return { issuer, first: `${path}/${first['id']}`, second: `${path}/${created.body['id']}` };
  }

  /** Faults of one round; after each all nodes and processes work again. */
  const faultsBeside = (unloaded: TestTenant): Readonly<Record<string, () => Promise<void>>> => ({
    'a server of the database is killed': async () => {
      await cluster.nodes[2]!.kill();
      await cluster.awaitSize(NODES - 1);
      await cluster.nodes[2]!.start();
      await cluster.awaitSize(NODES);
    },
    'an instance is killed': async () => {
      await on(1).kill();
      processes[1] = await startOn(1);
    },
    'a server of the database is cut off from the others': async () => {
      await cluster.nodes[1]!.isolate();
      await cluster.awaitSize(NODES - 1);
      // The majority goes on; what is cut off knows nothing of it, and must accept nothing.
      const { issuer, first } = await issuerWithTwoCredentials(unloaded);
      const { status } = await request(on(0), 'POST', `${first}/discard`, { token: unloaded.owner.token });
      expect(status).toBe(200);
      const asked = { body: {}, headers: { 'X-Service-Key': issuer.service.serviceKey } };
      const refused = await request(on(1), 'POST', `/v1/sign/${issuer.profile}`, asked);
      expect(refused.status).toBe(503);
      await cluster.nodes[1]!.rejoin();
      await cluster.awaitSize(NODES);
      await awaitReady(on(1));
      const known = await request(on(1), 'POST', `/v1/sign/${issuer.profile}`, asked);
      expect([known.status, known.body['code']]).toEqual([401, 'CREDENTIAL_INACTIVE']);
    },
    [ROLLING_RESTART]: async () => {
      for (let node = 0; node < NODES; node += 1) {
        await nginx!.replace(ports[node]!, async () => {
          await on(node).stop();
          processes[node] = await startOn(node);
          await awaitReady(on(node));
        });
      }
    },
  });

  /** The events of a tenant as one server has them, in the order of their numbers. */
  async function history(node: number, tenantId: string): Promise<readonly EventRow[]> {
    return ask<EventRow>(
      node,
      'SELECT action, targetId, tokenId, sequence FROM audit_events WHERE tenantId = ? ORDER BY sequence',
      tenantId,
    );
  }

  async function ask<Row>(node: number, statement: string, ...values: readonly string[]): Promise<readonly Row[]> {
    const plain = await openPlainDataSource(urlOf(node));
    const rows = await plain.query<Row[]>(statement, [...values]);
    await plain.destroy();
    return rows;
  }

  /** Exports a history by one node and verifies it, offline, against a checkpoint that a process has kept. */
  function verifyHistory(node: number, tenantId: string): string {
    const chancery = (...parameters: string[]): string =>
      execFileSync(process.execPath, [CLI, ...parameters], {
        env: { ...environmentOf(node), CHANCERY_CHECKPOINT_FILE: keptBy(node), LOG_LEVEL: 'error' },
        encoding: 'utf8',
        timeout: VERIFICATION_MILLISECONDS,
      });
    const file = join(folder, `${tenantId}-${node}.ndjson`);
    const since = join(folder, `${tenantId}-${node}.kept`);
    writeFileSync(since, keptCheckpoints(tenantId)[0]!);
    chancery('audit', 'export', '--tenant', tenantId, '--out', file);
    return chancery('audit', 'verify', '--export', file, '--since', since);
  }

  /** The checkpoints of a history that the processes have kept outside of the database, of each process the first to the last. */
  const keptCheckpoints = (tenantId: string): string[] =>
    processes
      .flatMap((_, node) => readFileSync(keptBy(node), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line) as string)
      .filter((note) => note.split('\n')[0]!.endsWith(`/${tenantId}`));

  it(
    `under ${CONNECTIONS} connections by nginx, faults of a cluster lose nothing that was acknowledged and accept nothing that was withdrawn`,
    { timeout: 300_000 + MINUTES * 120_000 },
    async () => {
      const tenants = [] as TestTenant[];
      for (let number = 0; number < 5; number += 1) tenants.push(await createTenant(setUp));
      const [signing, revoking, vendor, creating, unloaded] = tenants as Five<TestTenant>;
      const access = ({ path, owner }: TestTenant) => ({ path, token: owner.token });
      const { first, second } = await issuerWithTwoCredentials(signing);
      const signer = await createIssuer(setUp, signing, { algorithm: 'HS256' });
      const kid = await certify(setUp, vendor);
      const revocable = [];
      for (let number = 0; number < revokingOf(CONNECTIONS); number += 1) {
        const { profile, service } = await createIssuer(setUp, revoking, { algorithm: 'HS256' });
        const path = `${revoking.path}/services/${service.id}/credentials`;
        revocable.push({ path, token: revoking.owner.token, profile });
      }
      const load = new ClusterLoad(
        {
          send: nginx!.send,
          processes,
          signer: { profile: signer.profile, serviceKey: signer.service.serviceKey },
          pair: { ...access(signing), credentials: [first, second] },
          revocable,
          kid,
          creating: access(creating),
        },
        CONNECTIONS,
      );
      const began = Date.now();
      const end = began + MINUTES * 60_000;
      const report = new Report();
      let rounds = 0;
      try {
        do {
          for (const [what, fault] of Object.entries(faultsBeside(unloaded))) {
            const before = snapshot(load.counts);
            const { tokens } = load.counts;
            await fault();
            for (const server of processes) await awaitReady(server);
            report.add(what, before, load.counts);
            const acknowledged = tokens.length;
            await expect.poll(() => tokens.length, { timeout: 30_000, message: what }).toBeGreaterThan(acknowledged);
          }
          rounds += 1;
        } while (Date.now() < end);
      } finally {
        await load.stop();
      }
      const seconds = (Date.now() - began) / 1_000;
      const { counts } = load;
      process.stdout.write(
        `${rounds} rounds of faults in ${seconds.toFixed(0)} s, ${CONNECTIONS} connections, ${counts.requests} requests: acknowledged were ` +
          `${counts.tokens.length} tokens, ${counts.changes} changes, ${counts.revoked} withdrawals, ${counts.used} uses of tokens, ` +
          `${counts.created.size} services; ${sum(counts.failures)} requests failed and were repeated, ${counts.failed} failed three times\n${report.text()}`,
      );

      const wrong = { acceptedRevoked: [], acceptedAgain: [], answeredOtherwise: [] };
      expect(counts).toMatchObject(wrong);
      expect(report.unanswered(ROLLING_RESTART)).toEqual([]);
      for (const acknowledged of [
        counts.tokens.length,
        counts.changes,
        counts.revoked,
        counts.used,
        counts.created.size,
      ])
        expect(acknowledged).toBeGreaterThan(0);

      // Every server has the same histories, whose events are numbered without a gap.
      const histories = new Map<string, readonly EventRow[]>();
      for (const { id } of tenants) {
        const [events, ...others] = (await Promise.all(cluster.nodes.map((_, node) => history(node, id)))) as Five<
          EventRow[]
        >;
        for (const other of others) expect(other).toEqual(events);
        expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, place) => place));
        histories.set(id, events);
      }
      const eventsOf = ({ id }: TestTenant): readonly EventRow[] => histories.get(id)!;
      const idsOf = (tenant: TestTenant, action: string): ReadonlySet<string | null> =>
        new Set(
          eventsOf(tenant).flatMap((event) => (event.action === action ? [event.tokenId ?? event.targetId] : [])),
        );

      const issued = idsOf(signing, 'token.issued');
      expect(counts.tokens.filter((id) => !issued.has(id))).toEqual([]);

      // Of the two credentials of the service one is active at every moment.
      const ids = [first, second].map((path) => path.split('/').at(-1)!);
      const steps = eventsOf(signing).filter(
        ({ action, targetId }) => ids.includes(targetId) && /discarded|reactivated/.test(action),
      );
      expect(leastActive(ids, steps)).toBe(1);
      expect(steps.length).toBeGreaterThanOrEqual(counts.changes);
      expect(idsOf(revoking, 'credential.discarded').size).toBeGreaterThanOrEqual(counts.revoked);

      // What was created under an idempotency key is there, and once.
      const services = await ask<{ id: string; name: string }>(
        0,
        "SELECT id, name FROM services WHERE tenantId = ? AND name LIKE 'created-%'",
        creating.id,
      );
      const idsByName = Map.groupBy(services, ({ name }) => name);
      const lost = [...counts.created].filter(
        ([name, id]) =>
          idsByName
            .get(name)
            ?.map((row) => row.id)
            .join() !== id,
      );
      expect(lost).toEqual([]);

      // Of each history a process has kept a checkpoint outside, which what is there now continues.
      for (const [place, { id }] of tenants.entries()) {
        expect(verifyHistory(place % NODES, id)).toContain('They continue the checkpoint that was kept.');
      }
    },
  );
});

/** So many requests of a fault may be late: the machine is too slow for the load then. */
const LATE_SHARE = 0.01;
const ROLLING_RESTART = 'the instances are replaced one after the other';

type Five<T> = [T, T, T, T, T];

interface EventRow {
  readonly action: string;
  readonly targetId: string;
  readonly tokenId: string | null;
  readonly sequence: number | string;
}

function leastActive(ids: readonly string[], steps: readonly EventRow[]): number {
  const active = new Set(ids);
  let least = active.size;
  for (const { action, targetId } of steps) {
    if (action === 'credential.discarded') active.delete(targetId);
    else active.add(targetId);
    least = Math.min(least, active.size);
  }
  return least;
}

interface Snapshot {
  readonly requests: number;
  readonly failures: ReadonlyMap<string, number>;
  readonly failed: number;
}

const snapshot = ({ requests, failures, failed }: LoadCounts): Snapshot => ({
  requests,
  failures: new Map(failures),
  failed,
});

const sum = (failures: ReadonlyMap<string, number>): number =>
  [...failures.values()].reduce((total, count) => total + count, 0);

/** How many requests failed during which fault, and what they were answered. */
class Report {
  readonly #faults = new Map<string, { requests: number; failed: number; readonly failures: Map<string, number> }>();

  add(what: string, before: Snapshot, after: Snapshot): void {
    const entry = this.#faults.get(what) ?? { requests: 0, failed: 0, failures: new Map<string, number>() };
    this.#faults.set(what, entry);
    entry.requests += after.requests - before.requests;
    entry.failed += after.failed - before.failed;
    for (const [why, count] of after.failures) {
      const more = count - (before.failures.get(why) ?? 0);
      if (more > 0) entry.failures.set(why, (entry.failures.get(why) ?? 0) + more);
    }
  }

  /** What requests ended with during a fault, but for those that an instance answered itself, and late ones while they are few. */
  unanswered(what: string): string[] {
    const { requests, failures } = this.#faults.get(what)!;
    const late = LATE_REASONS.reduce((total, why) => total + (failures.get(why) ?? 0), 0);
    const permitted = late <= requests * LATE_SHARE ? LATE_REASONS : [];
    return [...failures]
      .filter(([why]) => !/^50[03] [A-Z_]+$/.test(why) && !permitted.includes(why))
      .map(([why, count]) => `${count} of ${requests} requests: ${why}`);
  }

  text(): string {
    const lines = [...this.#faults].map(([what, { requests, failures, failed }]) => {
      const reasons = [...failures].map(([why, count]) => `${count} ${why}`).join(', ');
      return `  while ${what}: ${requests} requests, ${sum(failures)} failed${reasons === '' ? '' : ` (${reasons})`}, ${failed} three times\n`;
    });
    return lines.join('');
  }
}
