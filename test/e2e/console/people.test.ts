import { describe, expect, it } from 'vitest';

import {
  accessibilityFaults,
  browserProgram,
  dialogOf,
  fillInSignIn,
  openSignedIn,
  openWindow,
  press,
  regionOf,
  signIn,
  startConsole,
} from '../../support/browser.js';
import { joinTenant } from '../../support/people.js';
import { ADMIN, PASSWORD, createTenant } from '../../support/server.js';

const { server, browser } = await startConsole();

const CHOSEN_PASSWORD = 'a password that the person chose';

/** The one link in a text that the console shows for another person. */
const linkIn = async (text: Promise<string>): Promise<string> => /http:\S+#\w+/.exec(await text)![0];

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the people of a tenant in the console', () => {
  it('an invited person opens the link, consents and signs in; the token stays in no address', async () => {
    const { owner, slug } = await createTenant(server);
    const inviter = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await inviter.page.goto(`/console/t/${slug}/members`);
    await press(inviter.page, 'Invite');
    await dialogOf(inviter.page).getByLabel('E-mail address').fill('grace@people.test');
    await dialogOf(inviter.page).getByRole('button', { name: 'Invite' }).click();
    await dialogOf(inviter.page).getByText('both are shown only once').waitFor();
    const first = await linkIn(dialogOf(inviter.page).innerText());
    await press(inviter.page, 'Done');
    await press(inviter.page, 'New token for grace@people.test');
    const link = await linkIn(dialogOf(inviter.page).innerText());
    expect(link).not.toBe(first);
    expect(await accessibilityFaults(inviter.page)).toEqual([]);
    await inviter.context.close();

    const { page, context, faults } = await openWindow(browser, server.url, { width: 360 });
    await page.goto(link);
    const [, token] = link.split('#');
    await page.getByLabel('Token of the invitation').waitFor();
    expect(await page.getByLabel('Token of the invitation').inputValue()).toBe(token);
    await page.waitForURL(`${server.url}/console/invitation`);
    expect(await page.evaluate('JSON.stringify([history.length, history.state])')).not.toContain(token);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.getByLabel('Your name').fill('Grace');
    await page.getByLabel('Choose a password').fill(CHOSEN_PASSWORD);
    await press(page, 'Accept');
    await page.getByRole('link', { name: 'Sign in with the new password' }).click();
    await fillInSignIn(page, 'grace@people.test', CHOSEN_PASSWORD);
    await page.getByRole('heading', { name: slug }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a person with an account signs in first, and then accepts with it', async () => {
    const tenant = await createTenant(server);
    const invited = await server.post(`${tenant.path}/members`, { email: ADMIN.email, role: 'auditor' }, tenant.owner);
    const { page, context, faults } = await openWindow(browser, server.url);
    await page.goto(`/console/invitation#${invited.body['token']}`);
    await page.getByRole('link', { name: 'Sign in first' }).click();
    await fillInSignIn(page, ADMIN.email, ADMIN.password);
    await page.getByText(`as ${ADMIN.email}`).waitFor();
    expect(await page.getByLabel('Your name').count()).toBe(0);
    await press(page, 'Accept');
    await press(page, 'Open the tenant');
    await page.getByRole('heading', { name: tenant.slug }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('an owner starts the reset of a member, who chooses a new password by the link', async () => {
    const tenant = await createTenant(server);
    const email = 'forgetful@people.test';
    await joinTenant(server, tenant, { email, role: 'auditor', name: 'Forgetful' });
    const owner = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
    await owner.page.goto(`/console/t/${tenant.slug}/members`);
    await press(owner.page, 'Manage Forgetful');
    await press(owner.page, 'Reset the password');
    await dialogOf(owner.page).getByLabel('Your password').fill(PASSWORD);
    await press(owner.page, 'Start the reset');
    await dialogOf(owner.page).getByText('both are shown only once').waitFor();
    const link = await linkIn(dialogOf(owner.page).innerText());
    await press(owner.page, 'Done');

    const { page, context, faults } = await openWindow(browser, server.url);
    await page.goto(link);
    await page.getByLabel('New password').fill(CHOSEN_PASSWORD);
    await page.waitForURL(`${server.url}/console/reset`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Set the password');
    await page.getByText('The new password is set').waitFor();
    await signIn(page, email, CHOSEN_PASSWORD);
    expect(faults).toEqual([]);
    await context.close();

    // Then the member is removed, and what follows from it is said before.
    await press(owner.page, 'Manage Forgetful');
    await press(owner.page, 'Remove from the tenant');
    await dialogOf(owner.page).getByText('All sessions of the account end: no other tenant knows it').waitFor();
    await press(owner.page, 'Yes, Remove');
    // The invitation that they accepted names the same address, in a list of its own.
    await regionOf(owner.page, 'Members').getByRole('cell', { name: email }).waitFor({ state: 'detached' });
    expect(owner.faults).toEqual([]);
    await owner.context.close();
  });

  it('a token of a service account does what was chosen for it, until it is revoked', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/api-tokens`);
    const dialog = dialogOf(page);
    await press(page, 'Create service account');
    await dialog.getByLabel('Name').fill('pipeline');
    await press(page, 'Create');
    await press(page, 'Create API token of pipeline');
    // Only a person with a second factor gives a token what asks for a password.
    expect(await dialog.getByLabel('It may also make calls that require a password').isDisabled()).toBe(true);
    expect(await dialog.getByRole('button', { name: 'Create' }).getAttribute('aria-disabled')).toBe('true');
    await dialog.getByLabel('Name').fill('nightly');
    await dialog.getByLabel('services:read').check();
    await dialog.getByLabel('Your password').fill(PASSWORD);
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('It is shown only once').waitFor();
    const token = await dialog.locator('code').innerText();
    await press(page, 'Done');
    expect((await server.get(`${path}/services`, { token })).status).toBe(200);
    expect((await server.get(`${path}/keys`, { token })).status).toBe(403);
    expect(await page.content()).not.toContain(token);

    await press(page, 'Delete service account pipeline');
    await dialog.getByText('Its API tokens are rejected: nightly').waitFor();
    await press(page, 'Cancel');
    await press(page, 'Revoke nightly');
    await press(page, 'Yes, Revoke');
    await regionOf(page, 'API tokens').getByText('revoked', { exact: true }).waitFor();
    expect((await server.get(`${path}/services`, { token })).status).toBe(401);
    expect(faults).toEqual([]);
    await context.close();
  });
});
