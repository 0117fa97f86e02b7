import { readFile } from 'node:fs/promises';

import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { SECOND, systemClock } from '#core';

import {
  accessibilityFaults,
  addAuthenticator,
  browserProgram,
  dialogOf,
  fillInSignIn,
  openSignedIn,
  openWindow,
  press,
  signIn,
  startConsole,
} from '../../support/browser.js';
import { enrolTotp, pageOf } from '../../support/factors.js';
import { joinTenant } from '../../support/people.js';
import { PASSWORD, createTenant } from '../../support/server.js';

const { server, browser } = await startConsole();

/** A name that stays text. */
const NAME = `<img src=x onerror="document.title='ran'">`;
const CODES_OF_AN_ACCOUNT = 10;

/** The sign-in up to the question for the second factor. */
async function signInUpToFactor(page: Page, email: string): Promise<void> {
  await page.goto('/console/sign-in');
  await fillInSignIn(page, email, PASSWORD);
  await page.getByRole('heading', { name: 'Your second factor' }).waitFor();
}

/** Enrols an app by the page, up to the recovery codes. @returns the code of the app at an instant, and the recovery codes */
async function enrolByPage(page: Page) {
  await press(page, 'Add an app');
  const dialog = dialogOf(page);
  await dialog.getByLabel('Name').fill(NAME);
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Continue');
  const secret = await dialog.locator('code').first().innerText();
  const uri = await dialog.getByRole('link', { name: 'open it in an app' }).getAttribute('href');
  expect(uri).toMatch(new RegExp(`^otpauth://totp/.*secret=${secret}`));
  await dialog.getByRole('img', { name: 'The secret as a QR code' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  const generator = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = (at = systemClock.now()) => generator.generate({ timestamp: at });
  await dialog.getByLabel('Code that the app shows').fill(code());
  await press(page, 'Confirm');
  const list = dialog.getByRole('list', { name: 'Recovery codes' });
  await list.waitFor();
  return { code, codes: (await list.getByRole('listitem').allInnerTexts()).map((text) => text.trim()) };
}

/** The next code is accepted, too (RFC 6238 §5.2), after that of this half minute was used up. */
const LATER = 30 * SECOND;

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('second factors in the console', () => {
  it('a person enrols an app, stores the recovery codes, signs in by one of them and removes the app', async () => {
    const { owner } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto('/console/account');
    const { code, codes } = await enrolByPage(page);
    expect(new Set(codes).size).toBe(CODES_OF_AN_ACCOUNT);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
    const file = await readFile(await download.path(), 'utf8');
    expect(file.split('\n').filter((line) => codes.includes(line))).toEqual(codes);
    await press(page, 'I have stored them');
    await page.getByText(`Recovery codes that were not used: ${CODES_OF_AN_ACCOUNT}`).waitFor();
    expect(await page.content()).not.toContain(codes[0]);

    await press(page, 'Sign out');
    await signInUpToFactor(page, owner.email);
    await page.getByLabel('Or a recovery code').fill(codes[0]!);
    await press(page, 'Continue');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();

    await page.goto('/console/account');
    await page.getByText(`Recovery codes that were not used: ${CODES_OF_AN_ACCOUNT - 1}`).waitFor();
    await press(page, `Remove ${NAME}`);
    // A password that was stolen does not suffice.
    const methods = dialogOf(page).getByLabel('Confirm your identity with').locator('option');
    await expect.poll(() => methods.allInnerTexts()).toEqual(['A code from the app', 'A recovery code']);
    await dialogOf(page)
      .getByLabel('Code from the app')
      .fill(code(systemClock.now() + LATER));
    await press(page, 'Yes, Remove');
    await page.getByText('There is none yet. With a second factor, a stolen password').waitFor();
    expect(await page.title()).not.toBe('ran');
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a person enrols a passkey, signs in by it, and deletes a service by it without the password', async () => {
    const { owner, path, slug } = await createTenant(server);
    const created = await server.post(`${path}/services`, { name: 'orders' }, owner);
    // Passkeys belong to a host name.
    const window = await openWindow(browser, pageOf(server));
    const { page, context, faults } = window;
    await addAuthenticator(window);
    await signIn(page, owner.email, PASSWORD);
    await page.goto('/console/account');
    await press(page, 'Add a passkey');
    await dialogOf(page).getByLabel('Name').fill('laptop');
    await dialogOf(page).getByLabel('Your password').fill(PASSWORD);
    await press(page, 'Continue');
    await press(page, 'Create the passkey');
    await press(page, 'I have stored them');
    await page.getByRole('cell', { name: 'laptop', exact: true }).waitFor();

    await press(page, 'Sign out');
    await signInUpToFactor(page, owner.email);
    await press(page, 'Use a passkey');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();

    await page.goto(`/console/t/${slug}/services/${created.body['service']!['id']}`);
    await press(page, 'Delete service');
    await dialogOf(page).getByText('Next, the browser asks for the passkey').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Yes, Delete');
    await page.waitForURL(`**/t/${slug}/services`);
    expect((await server.get(`${path}/services`, owner)).body['items']).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a refused call is sent again by the same proof, as a code is accepted once', async () => {
    const { owner, path, slug } = await createTenant(server);
    const created = await server.post(`${path}/services`, { name: 'orders' }, owner);
    const { code } = await enrolTotp(server, owner.token);
    const { page, context } = await openWindow(browser, server.url);
    await signInUpToFactor(page, owner.email);
    await page.getByLabel('Code from the app').fill(code(systemClock.now() + LATER));
    await press(page, 'Continue');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`/console/t/${slug}/services/${created.body['service']!['id']}`);
    await press(page, 'Delete service');
    await dialogOf(page).getByLabel('Confirm your identity with').selectOption('The password');
    await dialogOf(page).getByLabel('Your password').fill(PASSWORD);
    const steps: string[] = [];
    page.on('request', (request) => request.url().endsWith('/step-up') && steps.push(request.url()));
    const problem = { type: 'about:blank', title: 'Refused this once', status: 422, code: 'VALIDATION_ERROR' };
    const refusal = { status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) };
    let refused = 0;
    await page.route('**/v1/tenants/*/services/*', (route) =>
      route.request().method() === 'DELETE' && refused++ === 0 ? route.fulfill(refusal) : route.continue(),
    );
    await press(page, 'Yes, Delete');
    await dialogOf(page).getByText('VALIDATION_ERROR').waitFor();
    await dialogOf(page).getByText('Your identity is confirmed').waitFor();
    await press(page, 'Yes, Delete');
    await page.waitForURL(`**/t/${slug}/services`);
    expect(steps).toHaveLength(1);
    await context.close();
  });

  it('a member of a tenant that asks for a second factor is led to enrol one, and then to the tenant', async () => {
    const tenant = await createTenant(server);
    await enrolTotp(server, tenant.owner.token);
    const settings = { requireSecondFactor: true };
    expect((await server.patch(tenant.path, { settings }, tenant.owner)).status).toBe(200);
    const email = 'newcomer@factors.test';
    await joinTenant(server, tenant, { email, role: 'auditor' });
    const { page, context, faults } = await openSignedIn(browser, server.url, email, PASSWORD, { width: 360 });
    await page.getByRole('heading', { name: 'Enrol a second factor' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.goto(`/console/t/${tenant.slug}/keys`);
    await page.getByRole('heading', { name: 'Enrol a second factor' }).waitFor();
    await enrolByPage(page);
    await press(page, 'I have stored them');
    await page.waitForURL(`**/t/${tenant.slug}`);
    await page.getByRole('heading', { name: tenant.slug }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});
