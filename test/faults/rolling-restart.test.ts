import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { createIssuer } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { freePort } from '../support/gateway.js';
import { type ReloadableNginx, nginxProgram, startReloadableNginx } from '../support/nginx.js';
import { TEST_MASTER_KEY, type TestTenant, createTenant, startTestServer } from '../support/server.js';
import { awaitReady } from './cluster-load.js';
import { type ServerProcess, build, startProcess } from './server-process.js';

const INSTANCES = 3;
const CLIENTS = 12;
const PATIENCE = { timeout: 240_000 };
const CONFIGURATION = readFileSync(join(import.meta.dirname, '../../deploy/nginx/chancery.conf'), 'utf8');

interface Seen {
  answers: number;
  readonly errors: string[];
}

describe.skipIf(testServerUrl === undefined || nginxProgram === undefined)(
  `${INSTANCES} instances behind nginx that are replaced one after the other`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'chancery-rolling-'));
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    let database: TestDatabase;
    let nginx: ReloadableNginx;
    let port: number;
    let places: Places;
    let tenant: TestTenant;
    let profile: string;
    let serviceKey: string;
    const ports: number[] = [];
    const instances: ServerProcess[] = [];
    const start = (place: number): Promise<ServerProcess> =>
      startProcess({
        DATABASE_URL: database.url,
        CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
        TRUSTED_PROXIES: '127.0.0.1',
        PORT: String(ports[place]),
      });

    beforeAll(async () => {
      build();
      database = await createMigratedDatabase();
      const setUp = await startTestServer({ database, clock: systemClock });
      tenant = await createTenant(setUp);
      const issuer = await createIssuer(setUp, tenant, { algorithm: 'HS256' });
      [profile, serviceKey] = [issuer.profile, issuer.service.serviceKey];
      await setUp.close();
      for (let place = 0; place < INSTANCES; place += 1) ports.push(await freePort());
      for (let place = 0; place < INSTANCES; place += 1) instances.push(await start(place));
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
      execFileSync('openssl', ['req', ...options, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
      port = await freePort();
      places = { redirecting: await freePort(), port, certificate, key, ports };
      nginx = startReloadableNginx(nginxProgram!, configurationFor(places));
    });
    afterAll(async () => {
      for (const instance of instances) await instance.stop();
      await nginx.stop();
      await database.drop();
      rmSync(folder, { recursive: true });
    });

    /** One request to nginx over a connection of its own that is kept alive. */
    const ask = (agent: Agent, method: string, path: string, headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { agent, method, host: 'localhost', port, path, ca: readFileSync(certificate), headers };
        const asked = httpsRequest(options, (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode!));
        });
        asked.once('error', reject);
        asked.end(method === 'POST' ? '{}' : undefined);
      });

    /** Over a connection for each request: nginx ends those that are kept alive with the worker that has them. */
    async function client(number: number, seen: Seen, isOver: () => boolean): Promise<void> {
      const agent = new Agent({ keepAlive: false });
      const json = { 'Content-Type': 'application/json' };
      while (!isOver()) {
        try {
          // Services sign, and people read by the other role.
          const status = await (number % 3 === 0
            ? ask(agent, 'GET', `${tenant.path}/services`, { Authorization: `Bearer ${tenant.owner.token}` })
            : ask(agent, 'POST', `/v1/sign/${profile}`, { ...json, 'X-Service-Key': serviceKey }));
          if (status !== 200) seen.errors.push(`status ${status}`);
          seen.answers += 1;
        } catch (error) {
          seen.errors.push(String((error as NodeJS.ErrnoException).code ?? error));
        }
      }
    }

    /** As the head of the file says: out of the configuration, replaced, in again. */
    async function replace(place: number): Promise<void> {
      await nginx.reload(configurationFor(places, ports[place]));
      await instances[place]!.stop();
      instances[place] = await start(place);
      await awaitReady(instances[place]!);
      await nginx.reload(configurationFor(places));
    }

    async function killAndStart(place: number): Promise<void> {
      await instances[place]!.kill();
      instances[place] = await start(place);
    }

    async function underLoad(change: (place: number) => Promise<void>): Promise<Seen> {
      const seen: Seen = { answers: 0, errors: [] };
      let over = false;
      const clients = Array.from({ length: CLIENTS }, (_, number) => client(number, seen, () => over));
      for (let place = 0; place < INSTANCES; place += 1) await change(place);
      over = true;
      await Promise.all(clients);
      return seen;
    }

    it(
      `${INSTANCES} instances behind nginx are replaced one after the other, and no client sees an error`,
      PATIENCE,
      async () => {
        const { answers, errors } = await underLoad(replace);
        expect(errors).toEqual([]);
        expect(answers).toBeGreaterThan(INSTANCES * CLIENTS);
      },
    );

    it('negative control: clients see errors where instances are killed while nginx uses them', PATIENCE, async () => {
      const { errors } = await underLoad(killAndStart);
      expect(errors.length).toBeGreaterThan(0);
    });
  },
);

interface Places {
  readonly redirecting: number;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly ports: readonly number[];
}

/** The file of the deployment with the addresses of the test. @param down the instance that gets no requests */
function configurationFor(places: Places, down?: number): string {
  const servers = places.ports
    .map((port) => `    server 127.0.0.1:${port} max_fails=1 fail_timeout=2s${port === down ? ' down' : ''};\n`)
    .join('');
  return CONFIGURATION.replace('listen 80;', `listen 127.0.0.1:${places.redirecting};`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${places.port} ssl http2;`)
    .replace('/run/secrets/tls_certificate', places.certificate)
    .replace('/run/secrets/tls_key', places.key)
    .replaceAll(/(?:^ {4}server [a-z]+-\d:3000.*\n)+/gm, servers);
}
