import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import {
  type Window,
  accessibilityFaults,
  browserProgram,
  dialogOf,
  fillInSignIn,
  openSignedIn,
  openWindow,
  press,
  startConsole,
} from '../../support/browser.js';
import { joinAs, verify } from '../../support/people.js';
import { ADMIN, PASSWORD, type TestTenant, createTenant } from '../../support/server.js';

const { server, browser } = await startConsole();

let tenants = 0;

/** The services of a new tenant, in a window of its owner. */
async function openServices(): Promise<Window & { readonly tenant: TestTenant; readonly path: string }> {
  const tenant = await createTenant(server, `interrupted-${++tenants}`);
  await server.post(`${tenant.path}/services`, { name: 'billing' }, tenant.owner);
  const window = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
  const path = `/console/t/${tenant.slug}/services`;
  await window.page.goto(path);
  await services(window.page).getByText('billing').waitFor();
  return { ...window, tenant, path };
}

const services = (page: Page) => page.getByRole('region', { name: 'Services' });
const pathOf = (page: Page): string => new URL(page.url()).pathname;

/** Fills in and sends the form for a new service. */
async function askForService(page: Page): Promise<void> {
  await press(page, 'Create service');
  await dialogOf(page).getByLabel('Name', { exact: true }).fill('later');
  await dialogOf(page).getByRole('button', { name: 'Create' }).click();
}

describe.runIf(browserProgram)('a page of the console whose server is away', () => {
  it('a list that cannot be read says so, and is read when the person tries again', async () => {
    const { page, context, faults, path } = await openServices();
    await page.route('**/services?**', (route) => route.abort());
    await page.route('**/services', (route) =>
      route.request().resourceType() === 'fetch' ? route.abort() : route.continue(),
    );
    await page.goto(path);
    const alert = page.getByRole('main').getByRole('alert');
    await alert.getByText('The server could not be reached').waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Services');
    await page.unrouteAll();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await services(page).getByText('billing').waitFor();
    expect(await alert.count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a form that a proxy alone answers keeps what was filled in, and is sent once more', async () => {
    const { page, context } = await openServices();
    await page.route('**/services', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 502, body: '<html>' }) : route.continue(),
    );
    await askForService(page);
    await dialogOf(page).getByRole('alert').getByText('The server is currently unavailable').waitFor();
    expect(await dialogOf(page).getByLabel('Name', { exact: true }).inputValue()).toBe('later');
    await page.unrouteAll();
    await dialogOf(page).getByRole('button', { name: 'Create' }).click();
    await dialogOf(page).getByText('Store these now').waitFor();
    await context.close();
  });

  it('a person whose sign-out the server did not hear is told so', async () => {
    const { page, context } = await openServices();
    await page.route('**/v1/auth/logout', (route) => route.abort());
    await press(page, 'Sign out');
    await page.getByText('did not receive the sign-out').waitFor();
    expect(pathOf(page)).toBe('/console/sign-in');
    await context.close();
  });
});

describe.runIf(browserProgram)('a session of the console that ends', () => {
  it('a person whose session ended while they filled in a form comes back to the page', async () => {
    const { page, context, tenant, path } = await openServices();
    await page.goto(`${path}?any=1`);
    await press(page, 'Create service');
    const change = { currentPassword: PASSWORD, newPassword: PASSWORD.toUpperCase() };
    expect((await server.post('/v1/auth/password', change, tenant.owner)).status).toBe(204);
    await dialogOf(page).getByLabel('Name', { exact: true }).fill('later');
    await dialogOf(page).getByRole('button', { name: 'Create' }).click();
    await page.getByText('Your session has ended').waitFor();
    await fillInSignIn(page, tenant.owner.email, PASSWORD.toUpperCase());
    await services(page).getByText('billing').waitFor();
    expect([pathOf(page), new URL(page.url()).search]).toEqual([path, '?any=1']);
    await context.close();
  });

  it('a person who opens a page without a session comes to it by signing in, and to no other host', async () => {
    const { context, tenant, path } = await openServices();
    const other = await openWindow(browser, server.url);
    await other.page.goto(path);
    await fillInSignIn(other.page, tenant.owner.email, PASSWORD);
    await services(other.page).getByText('billing').waitFor();
    expect(pathOf(other.page)).toBe(path);
    await press(other.page, 'Sign out');
    await other.page.goto(`/console/sign-in?next=${encodeURIComponent('//evil.example/')}`);
    await fillInSignIn(other.page, tenant.owner.email, PASSWORD);
    await other.page.getByRole('heading', { name: tenant.slug, level: 1 }).waitFor();
    expect(other.faults).toEqual([]);
    await Promise.all([context.close(), other.context.close()]);
  });

  it('a sign-out ends every window immediately, and the next sign-in brings them back', async () => {
    const { page, context, tenant, path } = await openServices();
    const second = await context.newPage();
    await second.goto(path);
    await services(second).getByText('billing').waitFor();
    await press(page, 'Sign out');
    await second.getByText('You signed out in another window').waitFor();
    await fillInSignIn(page, tenant.owner.email, PASSWORD);
    await second.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(pathOf(second)).toBe(`/console/t/${tenant.slug}`);
    await context.close();
  });

  it('a window of one person shows nothing more of theirs after another person signed in beside it', async () => {
    const { page, context, tenant } = await openServices();
    const other = await createTenant(server, `interrupted-${++tenants}`);
    const second = await context.newPage();
    await second.goto('/console/sign-in');
    await fillInSignIn(second, other.owner.email, PASSWORD);
    await page.getByRole('link', { name: other.owner.email }).waitFor();
    expect(await page.getByText(tenant.owner.email).count()).toBe(0);
    await context.close();
  });
});

describe.runIf(browserProgram)('an address of the console', () => {
  it('what an address says and cannot be read is left out, and one of no page says so', async () => {
    const { page, context, faults, tenant } = await openServices();
    for (const address of [
      'calendar?month=2026-13&day=never&kind=%3Cb%3E',
      'history?day=tomorrow&order=sideways&outcome=1',
      'as-of?at=yesterday',
      'proof?sequence=-1',
      'certificates?state=unknown&notAfter=x',
    ]) {
      await page.goto(`/console/t/${tenant.slug}/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.getByText('Loading …').count()).toBe(0);
      expect([address, await page.getByRole('alert').allInnerTexts()]).toEqual([address, []]);
    }
    expect(faults).toEqual([]);
    for (const address of ['/console/nowhere', '/console/t/nowhere']) {
      await page.goto(address);
      const heading = page.getByRole('main').getByRole('heading', { level: 1 });
      expect([address, await heading.innerText()]).toEqual([
        address,
        expect.stringMatching(/^(Not found|Something went)/),
      ]);
      expect([address, await accessibilityFaults(page)]).toEqual([address, []]);
    }
    await context.close();
  });
});

describe.runIf(browserProgram)('a right that is withdrawn while a page of the console is open', () => {
  it('a member whose role was changed is offered what the new one permits, without loading the page again', async () => {
    const { context: ownContext, tenant, path } = await openServices();
    // An account that counts elsewhere, too, so that its session goes on.
    const elsewhere = await createTenant(server, `interrupted-${++tenants}`);
    const { email } = elsewhere.owner;
    await verify(server, ADMIN.password, (await server.get('/v1/auth/me', elsewhere.owner)).body['user']!['id']!);
    await joinAs(server, tenant, email, 'full_access');
    const { items } = (await server.get(`${tenant.path}/members`, tenant.owner)).body;
    const userId = String(
      (items as unknown as { email: string; userId: string }[]).find((each) => each.email === email)!.userId,
    );
    const { page, context } = await openSignedIn(browser, server.url, email, PASSWORD);
    await page.goto(path);
    await services(page).getByText('billing').waitFor();
    expect((await server.patch(`${tenant.path}/members/${userId}`, { role: 'auditor' }, tenant.owner)).status).toBe(
      200,
    );
    await askForService(page);
    await dialogOf(page).getByRole('alert').getByText('FORBIDDEN').waitFor();
    await dialogOf(page).getByRole('button', { name: 'Cancel' }).click();
    const create = page.getByRole('main').getByRole('button', { name: 'Create service' });
    await expect.poll(() => create.getAttribute('aria-disabled')).toBe('true');

    expect((await server.delete(`${tenant.path}/members/${userId}`, undefined, tenant.owner)).status).toBe(204);
    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
    await page.getByText(`You are not a member of ${tenant.slug}`).waitFor();
    await page.getByRole('navigation').waitFor();
    await Promise.all([context.close(), ownContext.close()]);
  });

  it('a tenant that was suspended says so on its pages, and shows them again when it is reactivated', async () => {
    const { page, context, tenant, path } = await openServices();
    const admin = { token: await server.login(ADMIN.email, ADMIN.password) };
    expect((await server.post(`${tenant.path}/suspend`, undefined, admin)).status).toBe(200);
    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
    const main = page.getByRole('main');
    await main.getByText('TENANT_SUSPENDED').first().waitFor();
    await page.goto(path);
    await main.getByText('TENANT_SUSPENDED').first().waitFor();
    expect((await server.post(`${tenant.path}/reactivate`, undefined, admin)).status).toBe(200);
    await main.getByRole('button', { name: 'Try again' }).first().click();
    await services(page).getByText('billing').waitFor();
    await context.close();
  });
});
