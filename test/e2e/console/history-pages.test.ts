import { readFile } from 'node:fs/promises';

import type { Download, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';
import { DAY, systemClock } from '#core';

import { verifyExport } from '../../../apps/cli/src/verify-export.js';
import {
  type Window,
  accessibilityFaults,
  browserProgram,
  dialogOf,
  openSignedIn,
  press,
  startConsole,
} from '../../support/browser.js';
import { ADMIN, PASSWORD, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createIssuer } from '../signing/issuer.js';

const { server, browser } = await startConsole();
let tenant: TestTenant;
let owner: Window;

beforeAll(async () => {
  tenant = await createTenant(server, 'past');
  owner = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
});

const today = (): string => new Date(systemClock.now()).toISOString().slice(0, 10);

/** The files that a press on a button saves. */
async function saved(page: Page, button: string, count: number): Promise<Map<string, string>> {
  const downloads: Download[] = [];
  const take = (download: Download): unknown => downloads.push(download);
  page.on('download', take);
  await press(page, button);
  await expect.poll(() => downloads.length).toBe(count);
  page.off('download', take);
  const files = await Promise.all(
    downloads.map(
      async (download) => [download.suggestedFilename(), await readFile(await download.path(), 'utf8')] as const,
    ),
  );
  return new Map(files);
}

async function* linesOf(text: string): AsyncGenerator<string> {
  yield* text.split('\n');
}

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the history in the console', () => {
  it('the hours of a day lead to their events, and the filters stay in the address', async () => {
    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/history`);
    await page.getByText(/\d+ events on \d{4}-/).waitFor();
    const chart = page.getByRole('img', { name: /^Events in each hour of / });
    const counts = (await chart.getAttribute('aria-label'))!.split(': ')[1]!.split(', ').map(Number);
    expect(counts).toHaveLength(24);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    await page.getByText('As a table').click();
    await page
      .getByRole('button', { name: /^Show the events of / })
      .first()
      .click();
    await page.getByRole('cell', { name: 'tenant.created' }).waitFor();
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('from')).toMatch(new RegExp(`^"?${today()}T\\d\\d:00:00`));
    await page.reload();
    await page.getByRole('cell', { name: 'tenant.created' }).waitFor();
    await page.getByLabel('Day (UTC)').fill('2001-01-01');
    await page.getByText('0 events on 2001-01-01').waitFor();
    await page.waitForURL(/2001-01-01/);
    expect(faults).toEqual([]);
  });

  it('an event shows what it changed member by member, and leads to the life of its target', async () => {
    await server.patch(tenant.path, { settings: { keyDeletionDays: 9 } }, tenant.owner);
    const { page } = owner;
    await page.goto(`/console/t/${tenant.slug}/history?action=tenant.changed`);
    await page.getByRole('link', { name: 'tenant.changed' }).first().click();
    const change = page.getByRole('region', { name: 'What changed' });
    await change.getByRole('row', { name: /settings.*9/ }).waitFor();
    await page.getByRole('link', { name: 'Life of this tenant' }).click();
    await page.getByRole('cell', { name: 'tenant.created' }).waitFor();
    await expect.poll(() => new URL(page.url()).search).toContain('order=asc');
  });

  it('an export is saved with the checkpoint that covers it, and both verify', async () => {
    const { page } = owner;
    await page.goto(`/console/t/${tenant.slug}/history`);
    await page.getByRole('button', { name: 'Export NDJSON' }).waitFor();
    const files = await saved(page, 'Export NDJSON', 2);
    const [events, checkpoint] = ['past-history.ndjson', 'past-history.ndjson.checkpoint'].map((name) =>
      files.get(name),
    );
    const verified = await verifyExport(linesOf(events!), { checkpoint, keys: [], witnesses: [] });
    expect([verified.problems, verified.events > 3]).toEqual([[], true]);
    const table = await saved(page, 'Export CSV', 2);
    expect(table.get('past-history.csv')!.split('\n')[0]).toContain('sequence');
    expect(table.get('past-history.csv.checkpoint')).toContain('\u2014 ');
  });

  it('what there was at an instant is shown, who could sign then, and what has changed since', async () => {
    const issuer = await createIssuer(server, tenant);
    await server.post(`${tenant.path}/services`, { name: 'gone' }, tenant.owner);
    const { items } = (await server.get(`${tenant.path}/services?name=gone`, tenant.owner)).body;
    // The page takes whole seconds.
    const at = new Date(Math.ceil((systemClock.now() + 1) / 1_000) * 1_000).toISOString();
    await expect.poll(() => systemClock.now() > Date.parse(at)).toBe(true);
    await server.delete(`${tenant.path}/services/${items![0]!['id']}`, { password: PASSWORD }, tenant.owner);
    await server.post(`${tenant.path}/services`, { name: 'new' }, tenant.owner);

    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/as-of`);
    await page.getByLabel('Instant (UTC)').fill(at.slice(0, 19));
    await page.getByLabel('Token profile (optional)').fill(issuer.profile);
    await press(page, 'Show');
    const services = page.getByRole('region', { name: 'Services' });
    await services.getByRole('cell', { name: 'gone', exact: true }).waitFor();
    expect(await services.getByRole('cell', { name: 'new', exact: true }).count()).toBe(0);
    const signers = page.getByRole('region', { name: 'Possible signers' });
    await expect.poll(() => signers.getByRole('cell', { name: 'service key' }).count()).toBe(1);
    await page.waitForURL((url) => url.search.includes(at.slice(0, 10)));

    // The comparison waits for its pages, and is cancelled meanwhile.
    const waiting = Promise.withResolvers<void>();
    await page.route(/as-of\?.*limit=200/, async (route) => {
      await waiting.promise;
      await route.continue().catch(() => undefined);
    });
    const isComparing = page.getByRole('progressbar');
    await press(page, 'Compare with now');
    await isComparing.waitFor();
    await press(page, 'Cancel the comparison');
    await isComparing.waitFor({ state: 'hidden' });
    waiting.resolve();
    expect(await page.getByRole('list', { name: 'What changed since' }).count()).toBe(0);

    await press(page, 'Compare with now');
    const changes = page.getByRole('list', { name: 'What changed since' });
    await changes
      .getByRole('listitem')
      .filter({ hasText: /removed Services: gone/ })
      .waitFor();
    await changes
      .getByRole('listitem')
      .filter({ hasText: /added Services: new/ })
      .waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe.runIf(browserProgram)('the history of the installation in the console', () => {
  it('a platform administrator reads, filters and proves it; an owner of a tenant is not offered it', async () => {
    await server.server.app.get(Checkpoints).publishDue();
    expect(await owner.page.getByRole('link', { name: 'History of the installation' }).count()).toBe(0);
    const { page, context, faults } = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
    await page.getByRole('link', { name: 'History of the installation' }).click();
    await page.getByText(/\d+ events on /).waitFor();
    await page.getByText('Filters', { exact: true }).click();
    await page.getByLabel('Action', { exact: true }).fill('tenant.created');
    await press(page, 'Apply');
    await page.getByRole('link', { name: 'tenant.created' }).first().click();
    await page.getByText(/^Event \d+ of the history$/).waitFor();
    const files = await saved(page, 'Save the proof of the event', 1);
    expect([...files.values()][0]).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    for (const width of [1_280, 360]) {
      await page.setViewportSize({ width, height: 740 });
      expect([width, await accessibilityFaults(page)]).toEqual([width, []]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe.runIf(browserProgram)('the months of a history in the console', () => {
  const JANUARY = '2026-01';
  const MARCH = '2026-03';
  const FIRST_OF_FEBRUARY = Date.UTC(2026, 1, 1);

  it('an owner and a platform administrator erase a month after a dry run, and no month that is too recent', async () => {
    const other = await startTestServer();
    const { slug, owner: by, path } = await createTenant(other, 'months');
    await other.setTime(FIRST_OF_FEBRUARY + 40 * DAY);
    for (const { email, password, start } of [
      { email: by.email, password: PASSWORD, start: `/t/${slug}/history` },
      { ...ADMIN, start: '/platform/history' },
    ]) {
      const { page, context, faults } = await openSignedIn(browser, other.url, email, password);
      await page.goto(`/console${start}`);
      await page.getByRole('link', { name: 'Months', exact: true }).click();
      const dialog = dialogOf(page);
      await press(page, `Erase ${MARCH}`);
      await dialog.getByText('It is too recent to be erased').waitFor();
      expect(await dialog.getByRole('button', { name: 'Yes, Erase' }).count()).toBe(0);
      await press(page, 'Close');
      await press(page, `Erase ${JANUARY}`);
      await dialog.getByLabel(`Type ${JANUARY} to confirm`).fill(JANUARY);
      await dialog.getByLabel('Your password').fill(password);
      for (const width of [360, 1_280]) {
        await page.setViewportSize({ width, height: 740 });
        expect([start, width, await accessibilityFaults(page)]).toEqual([start, width, []]);
      }
      await press(page, 'Yes, Erase');
      await page.getByText('erased', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: `Erase ${JANUARY}` }).count()).toBe(0);
      await page.goto(`/console${start}`);
      await page.getByText(`Personal fields are erased for ${JANUARY}:`).waitFor();
      expect(faults).toEqual([]);
      await context.close();
    }
    const token = await other.login(by.email, PASSWORD);
    const { items } = (await other.get(`${path}/history/months`, { token })).body;
    expect((items as unknown as { month: string; state: string }[]).map(({ month, state }) => [month, state])).toEqual([
      [MARCH, 'running'],
      [JANUARY, 'erased'],
    ]);
    await other.close();
  });
});
