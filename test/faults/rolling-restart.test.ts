import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { createIssuer } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { freePort } from '../support/gateway.js';
import { nginxProgram } from '../support/nginx.js';
import { TEST_MASTER_KEY, type TestTenant, createTenant, startTestServer } from '../support/server.js';
import { type BehindNginx, startBehindNginx } from './behind-nginx.js';
import { type ServerProcess, awaitReady, build, startProcess } from './server-process.js';

const INSTANCES = 3;
const CLIENTS = 12;
const PATIENCE = { timeout: 240_000 };

interface Seen {
  answers: number;
  readonly errors: string[];
}

describe.skipIf(testServerUrl === undefined || nginxProgram === undefined)(
  `${INSTANCES} instances behind nginx that are replaced one by one`,
  () => {
    let database: TestDatabase;
    let nginx: BehindNginx;
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
      nginx = await startBehindNginx(nginxProgram!, ports);
    });
    afterAll(async () => {
      for (const instance of instances) await instance.stop();
      await nginx.stop();
      await database.drop();
    });

    async function client(number: number, seen: Seen, isOver: () => boolean): Promise<void> {
      while (!isOver()) {
        try {
          // Services sign, and people read by the other role.
          const { status } = await (number % 3 === 0
            ? nginx.send('GET', `${tenant.path}/services`, { token: tenant.owner.token })
            : nginx.send('POST', `/v1/sign/${profile}`, { body: {}, headers: { 'X-Service-Key': serviceKey } }));
          if (status !== 200) seen.errors.push(`status ${status}`);
          seen.answers += 1;
        } catch (error) {
          seen.errors.push(String((error as NodeJS.ErrnoException).code ?? error));
        }
      }
    }

    const replace = (place: number): Promise<void> =>
      nginx.replace(ports[place]!, async () => {
        await instances[place]!.stop();
        instances[place] = await start(place);
        await awaitReady(instances[place]!);
      });

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
      `${INSTANCES} instances behind nginx are replaced one by one, and no client sees an error`,
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
