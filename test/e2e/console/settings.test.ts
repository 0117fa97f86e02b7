import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Deliveries } from '#announcements';
import { systemClock } from '#core';

import {
  accessibilityFaults,
  browserProgram,
  dialogOf,
  launchBrowser,
  openWindow,
  press,
  signIn,
} from '../../support/browser.js';
import { invite } from '../../support/people.js';
import { type Receiver, startReceiver } from '../../support/receiver.js';
import { ADMIN, PASSWORD, type TestServer, createTenant, startTestServer } from '../../support/server.js';

const environment = { CHANCERY_WEBHOOK_NETWORKS: '127.0.0.0/8', CHANCERY_WEBHOOK_PLAIN_HTTP: 'true' };
let server: TestServer;
let browser: Browser;
let receiver: Receiver;
beforeAll(async () => {
  server = await startTestServer({ clock: systemClock, environment });
  receiver = await startReceiver();
  browser = await launchBrowser(browserProgram!);
});
afterAll(async () => {
  await browser?.close();
  await receiver.close();
  await server.close();
});

const deliver = (): Promise<void> => server.server.app.get(Deliveries).deliverDue();

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the settings of a tenant in the console', () => {
  it('a webhook gets the events that were chosen, and shows what its receiver answered', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openWindow(browser, server.url);
    await signIn(page, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/webhooks`);
    const dialog = dialogOf(page);
    await press(page, 'Create webhook');
    await dialog.getByLabel('URL').fill(receiver.url);
    await dialog.getByText('service', { exact: true }).click();
    await dialog.getByLabel('service.created').check();
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Create');
    await dialog.getByText('It is shown this once').waitFor();
    const secret = await dialog.locator('code').innerText();
    await press(page, 'Done');
    expect(await page.content()).not.toContain(secret);

    await server.post(`${path}/services`, { name: 'orders' }, owner);
    await deliver();
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual(['service.created']);
    await page.getByRole('link', { name: receiver.url }).click();
    await page.getByRole('link', { name: /service\.created$/ }).waitFor();
    await page.getByRole('cell', { name: 'HTTP 204' }).waitFor();

    receiver.answer = 500;
    await page.getByRole('button', { name: /^Send event \d+ again$/ }).click();
    await page.getByText('pending', { exact: true }).waitFor();
    await deliver();
    await press(page, 'Read again');
    await page.getByRole('cell', { name: 'HTTP 500' }).waitFor();
    receiver.answer = 204;

    await press(page, 'Rotate the secret');
    await dialog.getByLabel('Overlap (hours)').fill('1');
    await press(page, 'Rotate');
    await dialog.getByText('It is shown this once').waitFor();
    expect(await dialog.locator('code').innerText()).not.toBe(secret);
    await press(page, 'Done');
    await page.getByText('Former secret signs, too, until').waitFor();

    await press(page, 'Change webhook');
    await dialog.getByLabel('Every event', { exact: true }).check();
    await press(page, 'Save');
    await page.getByText('*', { exact: true }).waitFor();
    await press(page, 'Pause');
    await press(page, 'Yes, Pause');
    await press(page, 'Resume');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('an owner changes settings within the bounds of the API, each with what it means', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openWindow(browser, server.url);
    await signIn(page, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/settings`);
    const days = page.getByLabel('Key deletion days');
    expect([await days.getAttribute('min'), await days.getAttribute('max')]).toEqual(['0', '30']);
    await page.getByText('Days for which a deleted key can be restored').waitFor();
    await days.fill('3');
    await page.getByLabel('Reveal').selectOption('once');
    await page.getByLabel('Announcement days').fill('20, 10');
    await page.getByLabel('Admit provider groups').check();
    await press(page, 'Save the settings');
    await page.getByText('The settings are saved').waitFor();
    expect((await server.get(path, owner)).body['settings']).toMatchObject({
      keyDeletionDays: 3,
      reveal: 'once',
      announcementDays: [20, 10],
      admitProviderGroups: true,
    });

    // What another person changed meanwhile is not overwritten.
    await server.patch(path, { name: 'Changed meanwhile' }, owner);
    await days.fill('4');
    await press(page, 'Save the settings');
    await page.getByText('PRECONDITION_FAILED').waitFor();

    const remove = page.getByRole('button', { name: 'Delete the tenant' });
    expect(await remove.getAttribute('aria-disabled')).toBe('true');
    await remove.hover();
    await page.getByRole('tooltip').filter({ hasText: 'Only the administrator of the installation' }).last().waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('the administrator of the installation deletes a tenant after typing its name', async () => {
    const tenant = await createTenant(server);
    const token = await invite(server, tenant, ADMIN.email, 'auditor');
    await server.post('/v1/invitations/accept', { token }, { token: await server.login() });
    const { page, context, faults } = await openWindow(browser, server.url);
    await signIn(page, ADMIN.email, ADMIN.password);
    await page.goto(`/console/t/${tenant.slug}/settings`);
    await press(page, 'Delete the tenant');
    const dialog = dialogOf(page);
    await dialog.getByText('Its data key is destroyed').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByLabel('Your password').fill(ADMIN.password);
    await dialog.getByLabel(`Type ${tenant.slug} to confirm`).fill('another');
    await press(page, 'Yes, Delete');
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
    await dialog.getByLabel(`Type ${tenant.slug} to confirm`).fill(tenant.slug);
    await press(page, 'Yes, Delete');
    await page.waitForURL('**/console/platform');
    expect((await server.get(tenant.path, tenant.owner)).status).not.toBe(200);
    expect(faults).toEqual([]);
    await context.close();
  });
});
