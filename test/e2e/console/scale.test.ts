import { randomBytes, randomUUID } from 'node:crypto';

import type { Browser, Page } from 'playwright-core';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, systemClock } from '#core';

import { fillHistory } from '../../../bench/harness/fill-history.js';
import { browserProgram, launchBrowser, openSignedIn } from '../../support/browser.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  ADMIN,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createCertificate } from '../certificates/pki.js';
import { createIssuer } from '../signing/issuer.js';

/** How many events, where this is asked for: the time that pages take depends on the machine. */
const EVENTS = Number(process.env['CONSOLE_SCALE_EVENTS'] ?? 100_000);
const SERVICES = 1_000;
const CREDENTIALS_PER_SERVICE = 10;
const ROWS_PER_STATEMENT = 500;
const FIRST_CONTENT_MILLISECONDS_MAX = 1_000;
const PAGE_ROWS = 50;
const GIVEN_UP_MILLISECONDS = 20_000;

type Row = Readonly<Record<string, unknown>>;

async function insert(source: DataSource, table: string, rows: readonly Row[]): Promise<void> {
  for (let begun = 0; begun < rows.length; begun += ROWS_PER_STATEMENT) {
    const part = rows.slice(begun, begun + ROWS_PER_STATEMENT);
    const columns = Object.keys(part[0]!);
    const one = `(${columns.map(() => '?').join(', ')})`;
    await source.query(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${part.map(() => one).join(', ')}`,
      part.flatMap((row) => columns.map((column) => row[column])),
    );
  }
}

/** Copies of one service with its credentials, past the server: their secrets cannot be revealed, and are not. */
async function fillServices(source: DataSource, serviceId: string): Promise<void> {
  const [service] = await source.query<Row[]>('SELECT * FROM services WHERE id = ?', [serviceId]);
  const credentials = await source.query<Row[]>('SELECT * FROM credentials WHERE serviceId = ?', [serviceId]);
  const ids = Array.from({ length: SERVICES }, () => randomUUID());
  await insert(
    source,
    'services',
    ids.map((id, place) => ({ ...service, id, name: `service ${place}`, liveName: `service ${place}` })),
  );
  const now = systemClock.now();
  await insert(
    source,
    'credentials',
    ids.flatMap((id, place) =>
      Array.from({ length: CREDENTIALS_PER_SERVICE }, (_, number) => ({
        ...credentials[number % credentials.length],
        id: randomUUID(),
        serviceId: id,
        name: `credential ${number}`,
        lookupHash: randomBytes(32).toString('hex'),
        fingerprint: randomBytes(8).toString('hex'),
        expiresAt: now + ((place % 300) + 1) * DAY,
      })),
    ),
  );
}

/** How long it takes until a page of the console shows what it has read, from the press on a link on. */
const millisecondsUntilShown = (page: Page, path: string): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve) => {
    const start = performance.now();
    history.pushState({}, '', ${JSON.stringify(`/console${path}`)});
    const look = () => {
      const isShown = document.querySelector('main')?.dataset.page === ${JSON.stringify(path)}
        && document.querySelector('main h1') !== null && !document.body.innerText.includes('Loading …');
      const taken = Math.round(performance.now() - start);
      if (isShown || taken > ${GIVEN_UP_MILLISECONDS}) resolve(taken);
      else requestAnimationFrame(look);
    };
    look();
  })`);

// Only where it is asked for: it takes as long as many other tests together, and the time is that of the machine.
describe.runIf(browserProgram && process.env['CONSOLE_SCALE'])('the console of a large tenant', () => {
  let database: TestDatabase;
  let server: TestServer;
  let browser: Browser;
  let tenant: TestTenant;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    server = await startTestServer({ clock: systemClock, database });
    tenant = await createTenant(server, 'large');
    browser = await launchBrowser(browserProgram!);
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
    await database.drop();
  });

  it(
    `every page shows its first content within a second with ${SERVICES * CREDENTIALS_PER_SERVICE} credentials and ${EVENTS} events`,
    { timeout: 900_000 },
    async () => {
      const issuer = await createIssuer(server, tenant);
      const { caId, kid } = await createCertificate(server, tenant);
      const source = await openPlainDataSource(database.url);
      await fillServices(source, issuer.service.id);
      await fillHistory(
        { write: async (statement, values) => void (await source.query(statement, [...values])) },
        {
          tenantId: tenant.id,
          count: EVENTS,
          first: systemClock.now() - EVENTS * 1_000,
          actorId: randomUUID(),
          targetId: issuer.service.id,
          tokenId: randomUUID(),
          credentialId: randomUUID(),
          requestId: randomUUID(),
        },
      );
      await source.destroy();

      const { page, context, faults } = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
      const paths = [
        '/services',
        `/services/${issuer.service.id}`,
        '/rotations',
        '/keys',
        `/keys/${issuer.keyId}`,
        '/certificates',
        `/certificates/${kid}`,
        `/authorities/${caId}`,
        '/token-profiles',
        `/token-profiles/${issuer.profile}`,
        '/diagnose',
        '/calendar',
        '/calendar?view=list',
        '/history',
        '/history?action=service.changed',
        '/history?outcome=denied',
        '/history/5',
        '/as-of',
        '/proof',
        '/settings',
        '/members',
        '/api-tokens',
        '/webhooks',
        '/identity-providers',
        '/history/months',
        '',
      ].map((path) => `/t/${tenant.slug}${path}`);
      const installation = [
        '/platform/identity-providers',
        '/platform/history',
        '/platform/history/0',
        '/platform/history/months',
        // An administrator begins on it.
        '/platform',
      ];
      const figures: [path: string, milliseconds: number][] = [];
      for (const path of paths) figures.push([path, await millisecondsUntilShown(page, path)]);
      const administrator = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
      for (const path of installation) figures.push([path, await millisecondsUntilShown(administrator.page, path)]);
      process.stdout.write(`${figures.map(([path, time]) => `${String(time).padStart(6)} ms ${path}`).join('\n')}\n`);
      expect(figures.filter(([, time]) => time > FIRST_CONTENT_MILLISECONDS_MAX)).toEqual([]);
      // What was measured is a page of a list, and not an empty one.
      await millisecondsUntilShown(page, `/t/${tenant.slug}/services`);
      expect(await page.getByRole('region', { name: 'Services' }).getByRole('row').count()).toBe(PAGE_ROWS + 1);
      expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(1);
      expect([...faults, ...administrator.faults]).toEqual([]);
      await Promise.all([context, administrator.context].map((each) => each.close()));
    },
  );
});
