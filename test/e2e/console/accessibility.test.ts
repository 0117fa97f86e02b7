import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { type Window, browserProgram, dialogOf, openSignedIn, press, startConsole } from '../../support/browser.js';
import { joinTenant } from '../../support/people.js';
import { PASSWORD, type TestTenant, createTenant } from '../../support/server.js';

/** As long as a name may be, without a place to break. */
const LONG = 'Wwwwwwwwww'.repeat(10);
/** Written from right to left, so that it would turn the direction of what follows (UAX #9 §3.1). */
const RIGHT_TO_LEFT = 'خدمة الدفع';

/** How much wider what is in the dialog is than the dialog. */
const SIDEWAYS = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('[role=dialog]'))`;

const { server, browser } = await startConsole();
let tenant: TestTenant;
let owner: Window;

beforeAll(async () => {
  tenant = await createTenant(server, 'accessible');
  owner = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
});

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' });
const openPage = (page: Page, name: string) => page.goto(`/console/t/${tenant.slug}/${name}`);

// What axe cannot see (WCAG 2.2 A and AA); the rest is in pages.test.ts.
describe.runIf(browserProgram)('the console by keyboard and screen reader', () => {
  it('a link to another page brings the focus into it, and its heading names it', async () => {
    const { page } = owner;
    await openPage(page, 'services');
    await navigation(page).getByRole('link', { name: 'Keys' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('main', { name: 'Keys' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('content');
    expect(await page.title()).toBe('Keys · Chancery');
  });

  it('the first stop of the keyboard leads past the navigation, visibly', async () => {
    const { page } = owner;
    await openPage(page, 'services');
    await page.getByRole('main', { name: 'Services' }).waitFor();
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to the content' });
    const { width, height } = (await skip.boundingBox())!;
    expect([width > 24, height > 24]).toEqual([true, true]);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
  });

  it('what the server finds fault with is said at its field, which gets the focus', async () => {
    const { page } = owner;
    await openPage(page, 'services');
    await press(page, 'Create service');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name', { exact: true }).fill('faulty');
    await dialog.getByLabel('Allowed networks').fill('10.0.0.0/8, nowhere');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const field = dialog.getByLabel('Allowed networks');
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    const described = (await field.getAttribute('aria-describedby'))!;
    const texts = await Promise.all(described.split(' ').map((id) => page.locator(`[id="${id}"]`).innerText()));
    expect(texts).toEqual([expect.stringMatching(/CIDR|network/), expect.stringContaining('separated by commas')]);
    await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('allowedCidrs');
    expect(await dialog.getByLabel('Name', { exact: true }).getAttribute('aria-invalid')).toBeNull();
    await page.keyboard.press('Escape');
  });

  it('a press beside a form keeps what was filled in, and no key takes away what is shown once', async () => {
    const { page } = owner;
    await openPage(page, 'services');
    await press(page, 'Create service');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name', { exact: true }).fill('kept');
    await page.mouse.click(5, 5);
    expect(await dialog.getByLabel('Name', { exact: true }).inputValue()).toBe('kept');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('Store these now').waitFor();
    await page.keyboard.press('Escape');
    await page.mouse.click(5, 5);
    await dialog.getByText('Store these now').waitFor();
    await dialog.getByRole('button', { name: 'Copy Service key' }).click();
    await dialog.getByRole('status').getByText('Service key was copied').waitFor();
    await press(page, 'Done');
    await expect.poll(() => dialog.count()).toBe(0);
  });

  it('the reason why a button is blocked is in the window, also from within a table, until Escape', async () => {
    const email = 'auditor@accessible.test';
    await joinTenant(server, tenant, { email, role: 'auditor', name: 'Ada' });
    const { page, context, faults } = await openSignedIn(browser, server.url, email, PASSWORD, { width: 360 });
    await openPage(page, 'members');
    const manage = page
      .getByRole('region', { name: 'Members' })
      .getByRole('button', { name: /^Manage/ })
      .first();
    await manage.focus();
    const reason = page.getByRole('tooltip').filter({ visible: true });
    await reason.getByText('members:write').waitFor();
    const { x, y, width, height } = (await reason.boundingBox())!;
    expect([x >= 0, y >= 0, x + width <= 360, y + height <= 800]).toEqual([true, true, true, true]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.keyboard.press('Escape');
    await expect.poll(() => reason.count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe.runIf(browserProgram)('names in the console', () => {
  it('the longest names fit on pages and in dialogs 320 pixels wide, and no name turns what follows it', async () => {
    const { path } = tenant;
    const long = (await server.post(`${path}/services`, { name: LONG, description: LONG }, tenant.owner)).body;
    await server.post(`${path}/services`, { name: RIGHT_TO_LEFT }, tenant.owner);
    const key = (await server.post(`${path}/keys`, { name: LONG, algorithm: 'ES256' }, tenant.owner)).body;
    await server.patch(path, { name: LONG }, tenant.owner);
    const { page } = owner;
    await page.setViewportSize({ width: 320, height: 640 });
    for (const name of [
      '',
      'services',
      `services/${long['service']!['id']}`,
      'keys',
      `keys/${key['id']}`,
      'settings',
      'history',
    ]) {
      await openPage(page, name);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.getByText('Loading …').count()).toBe(0);
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, 320]);
    }
    await openPage(page, `services/${long['service']!['id']}`);
    await press(page, 'Delete service');
    const dialog = dialogOf(page);
    await dialog.getByText('All its credentials').waitFor();
    expect(await page.evaluate(SIDEWAYS)).toBe(0);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1_280, height: 800 });
    await openPage(page, 'services');
    const direction = `getComputedStyle([...document.querySelectorAll('main td a')].find((link) => link.textContent.includes('خدمة'))).unicodeBidi`;
    await page.getByRole('region', { name: 'Services' }).getByRole('link', { name: 'خدمة' }).waitFor();
    expect(await page.evaluate(direction)).toBe('isolate');
    expect(owner.faults).toEqual([]);
  });
});
