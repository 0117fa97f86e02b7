import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Deliveries } from '#announcements';
import { systemClock } from '#core';

import {
  accessibilityFaults,
  browserProgram,
  dialogOf,
  openSignedIn,
  openWindow,
  press,
  startConsole,
} from '../../support/browser.js';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type RealProvider,
  type ScriptedProvider,
  startRealProvider,
  startScriptedProvider,
} from '../../support/identity-provider.js';
import { invite } from '../../support/people.js';
import { type Receiver, startReceiver } from '../../support/receiver.js';
import { ADMIN, PASSWORD, createTenant } from '../../support/server.js';
import { REACHABLE, person } from '../admin/company.js';
import { exchangeToken, workloadOf } from '../callers/workload.js';

const { server, browser } = await startConsole({
  ...REACHABLE,
  CHANCERY_WEBHOOK_NETWORKS: '127.0.0.0/8',
  CHANCERY_WEBHOOK_PLAIN_HTTP: 'true',
});
let receiver: Receiver;
let company: RealProvider;
let issuer: ScriptedProvider;
beforeAll(async () => {
  [company, issuer] = await Promise.all([startRealProvider(), startScriptedProvider()]);
  receiver = await startReceiver();
});
afterAll(async () => {
  await Promise.all([receiver.close(), company.close(), issuer.close()]);
});

const deliver = (): Promise<void> => server.server.app.get(Deliveries).deliverDue();

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the settings of a tenant in the console', () => {
  it('a webhook gets the events that were chosen, and shows what its receiver answered', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/webhooks`);
    const dialog = dialogOf(page);
    await press(page, 'Create webhook');
    await dialog.getByLabel('URL').fill(receiver.url);
    await dialog.getByText('service', { exact: true }).click();
    await dialog.getByLabel('service.created').check();
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Create');
    await dialog.getByText('It is shown only once').waitFor();
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
    await dialog.getByText('It is shown only once').waitFor();
    expect(await dialog.locator('code').innerText()).not.toBe(secret);
    await press(page, 'Done');
    await page.getByText('Previous secret also signs until').waitFor();

    await press(page, 'Change webhook');
    await dialog.getByLabel('Every event', { exact: true }).check();
    await press(page, 'Save');
    await page.getByText('*', { exact: true }).waitFor();
    await press(page, 'Pause');
    await press(page, 'Yes, Pause');
    await press(page, 'Resume');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('an owner changes settings within the bounds of the API, each with what it means', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/settings`);
    const days = page.getByLabel('Key deletion days');
    expect([await days.getAttribute('min'), await days.getAttribute('max')]).toEqual(['0', '30']);
    await page.getByText('Days during which a deleted key can be restored').waitFor();
    await days.fill('3');
    await page.getByLabel('Reveal').selectOption('once');
    await page.getByLabel('Announcement days').fill('20, 10');
    await page.getByLabel('Admit provider groups').check();
    const readAgain = page.waitForResponse(
      (answer) => answer.request().method() === 'GET' && new URL(answer.url()).pathname === path,
    );
    await press(page, 'Save the settings');
    await page.getByText('The settings are saved').waitFor();
    await readAgain;
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
    const { page, context, faults } = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
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

  it('an owner adds an identity provider with its groups, and a person signs in by it', async () => {
    const { owner, path, slug } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/identity-providers`);
    const dialog = dialogOf(page);
    await press(page, 'Add identity provider');
    await dialog.getByLabel('Name').fill('Company');
    await dialog.getByLabel('Issuer').fill(company.issuer);
    await dialog.getByLabel('Client id').fill(CLIENT_ID);
    await dialog.getByLabel('Client secret').fill(CLIENT_SECRET);
    await press(page, 'Add a group');
    await dialog.getByLabel('Group 1', { exact: true }).fill('*');
    await dialog.getByLabel('Role of group 1').selectOption('Auditor');
    await dialog.getByLabel('Your password').fill(PASSWORD);
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    // What has to be registered there is shown, with what it publishes.
    await dialog.getByText('Responses name the issuer').waitFor();
    const { items } = (await server.get(`${path}/identity-providers`, owner)).body;
    const redirectUri = await dialog.locator('code').innerText();
    expect(redirectUri.endsWith(`/console/sign-in/callback/${items![0]!['id']}`)).toBe(true);
    await press(page, 'Done');
    await page.getByRole('cell', { name: '*: Auditor' }).waitFor();

    const visitor = await openWindow(browser, server.url);
    company.person = person();
    await visitor.page.goto(`/console/sign-in?tenant=${slug}`);
    await press(visitor.page, 'Sign in with Company');
    await visitor.page.getByRole('heading', { name: slug }).waitFor();
    await visitor.page.getByText('the role Auditor').waitFor();

    // A person without a password proves at the provider that it is still them.
    await visitor.page.goto('/console/account');
    await press(visitor.page, 'Add an app');
    await dialogOf(visitor.page).getByLabel('Name').fill('phone');
    await dialogOf(visitor.page).getByText('Next, sign in at your identity provider').waitFor();
    await press(visitor.page, 'Continue');
    await dialogOf(visitor.page).getByLabel('Code that the app shows').waitFor();
    await visitor.context.close();

    await page.getByLabel('Who may sign in with a password').selectOption('none');
    await page.getByText(`admin allow-passwords --tenant ${slug}`).waitFor();
    await press(page, 'Save the sign-in');
    // A session that began with a password does not close the door behind itself.
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Who may sign in with a password').selectOption('owners');
    await press(page, 'Save the sign-in');
    await page.getByText('The rule is saved').waitFor();

    await press(page, 'Change Company');
    await dialog.getByLabel('People can sign in through it').uncheck();
    await dialog.getByLabel('Your password').fill(PASSWORD);
    await press(page, 'Save');
    await page.getByText('disabled', { exact: true }).waitFor();
    await press(page, 'Delete identity provider Company');
    await dialog.getByLabel('Your password').fill(PASSWORD);
    await press(page, 'Yes, Delete');
    await page.getByText('There is none yet: members sign in with a password').waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('the administrator adds an identity provider of the installation, whose groups are members of a tenant', async () => {
    const { id: tenantId, slug } = await createTenant(server);
    const { page, context, faults } = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
    await page.goto('/console/platform');
    await page.getByRole('link', { name: 'Identity providers' }).click();
    const dialog = dialogOf(page);
    await press(page, 'Add identity provider');
    await dialog.getByLabel('Name').fill('Holding');
    await dialog.getByLabel('Issuer').fill(company.issuer);
    await dialog.getByLabel('Client id').fill(CLIENT_ID);
    await dialog.getByLabel('Client secret').fill(CLIENT_SECRET);
    await dialog.getByLabel('Domains of e-mail addresses').fill('holding.test');
    await press(page, 'Add a group');
    await dialog.getByLabel('Group 1', { exact: true }).fill('auditors');
    await dialog.getByLabel('Role of group 1').selectOption('Auditor');
    await dialog.getByLabel('Tenant of group 1').selectOption(slug);
    await dialog.getByLabel('Your password').fill(ADMIN.password);
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.getByText('Responses name the issuer').waitFor();
    await press(page, 'Done');
    await page.getByRole('cell', { name: `auditors: Auditor in ${slug}` }).waitFor();
    const admin = { token: await server.login() };
    const providers = async () => (await server.get('/v1/platform/identity-providers', admin)).body['items'];
    expect(await providers()).toMatchObject([{ roleMappings: [{ group: 'auditors', role: 'auditor', tenantId }] }]);

    await press(page, 'Change Holding');
    await dialog.getByLabel('People can sign in through it').uncheck();
    await dialog.getByLabel('Your password').fill(ADMIN.password);
    await press(page, 'Save');
    await page.getByText('disabled', { exact: true }).waitFor();
    await press(page, 'Delete identity provider Holding');
    await dialog.getByLabel('Your password').fill(ADMIN.password);
    await press(page, 'Yes, Delete');
    await page.getByText('There is none', { exact: false }).waitFor();
    expect([await providers(), faults]).toEqual([[], []]);
    await context.close();
  });

  it('a workload is trusted on the page of its service, until the trust is deleted', async () => {
    const { owner, path, slug } = await createTenant(server);
    const created = await server.post(`${path}/services`, { name: 'shop' }, owner);
    const serviceId: string = created.body['service']!['id']!;
    const workload = workloadOf(issuer, systemClock);
    const { page, context, faults } = await openSignedIn(browser, server.url, owner.email, PASSWORD);
    await page.goto(`/console/t/${slug}/services/${serviceId}`);
    const dialog = dialogOf(page);
    const rules = workload.rules() as Record<'name' | 'issuer' | 'audience' | 'subject', string>;
    await press(page, 'Add trust');
    await dialog.getByLabel('Name').fill(rules.name);
    await dialog.getByLabel('Issuer').fill(rules.issuer);
    await dialog.getByLabel('Audience').fill(rules.audience);
    await dialog.getByLabel('Subject').fill(rules.subject);
    await dialog.getByLabel('Claims').fill('repository_id');
    await press(page, 'Add');
    await dialog.getByText('A claim is written as name = value').waitFor();
    await dialog.getByLabel('Claims').fill('repository_id = 74');
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Add');
    await page.getByRole('cell', { name: 'repository_id = 74' }).waitFor();
    await press(page, 'Try a token');
    const trial = dialog.getByRole('status');
    await dialog.getByLabel('Token of a workload').fill(await issuer.sign(workload.job({ repository_id: '75' })));
    await dialog.getByRole('button', { name: 'Try' }).click();
    await trial.getByText('A claim is missing or has a different value (repository_id)').waitFor();
    await dialog.getByLabel('Token of a workload').fill(await issuer.sign(workload.job()));
    await dialog.getByRole('button', { name: 'Try' }).click();
    await trial.getByText('accepts it').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await exchangeToken(server, serviceId, issuer.sign(workload.job()))).status).toBe(200);
    expect((await exchangeToken(server, serviceId, issuer.sign(workload.job({ repository_id: '75' })))).status).toBe(
      400,
    );
    await press(page, `Delete trust ${rules.name}`);
    await press(page, 'Yes, Delete');
    await page.getByText('There is no trust').waitFor();
    expect((await exchangeToken(server, serviceId, issuer.sign(workload.job()))).status).toBe(400);
    expect(faults).toEqual([]);
    await context.close();
  });
});
