import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';

import { CheckpointLog, Checkpoints } from '#audit';
import { SECOND, systemClock } from '#core';
import { parseLogProof } from '#log-verifier';

import { start } from '../../../apps/server/src/start.js';
import {
  browserProgram,
  dialogOf,
  fillInSignIn,
  openSignedIn,
  openWindow,
  press,
  signIn,
  startConsole,
} from '../../support/browser.js';
import { enrolTotp } from '../../support/factors.js';
import { PASSWORD, TEST_MASTER_KEY, createTenant } from '../../support/server.js';
import { createTestDatabase } from '../../support/database.js';

const { server, browser } = await startConsole();

/** The first start of the product on an empty database, and what it prints for the person who started it. */
async function firstStart() {
  const database = await createTestDatabase();
  const stopped = Promise.withResolvers<number>();
  let printed = '';
  let stop = (_signal: 'SIGINT'): void => {};
  await start({
    environment: {
      PORT: '0',
      DATABASE_URL: database.url,
      CHANCERY_DATABASE_TLS: 'off',
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_CHECKPOINT_FILE: 'off',
      LOG_LEVEL: 'error',
    },
    write: (text) => {
      printed += text;
    },
    fail: (text) => stopped.reject(new Error(text)),
    onStop: (handler) => {
      stop = handler;
    },
    exit: stopped.resolve,
  });
  const found = (pattern: RegExp): string => pattern.exec(printed)?.[1] ?? `not in: ${printed}`;
  return {
    link: found(/open (\S+\/console)/),
    email: found(/Platform administrator: (\S+)/),
    password: found(/Password: (\S+)/),
    stop: async () => {
      stop('SIGINT');
      await stopped.promise;
      await database.drop();
    },
  };
}

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the console in a browser', () => {
  it('a person gets from what an empty installation prints to a token that somebody else verifies', async () => {
    const first = await firstStart();
    const { page, context, faults } = await openWindow(browser, new URL(first.link).origin);
    await page.goto(first.link);
    await fillInSignIn(page, first.email, first.password);
    await press(page, 'Create tenant');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name', { exact: true }).fill('Acme Ltd');
    await dialog.getByLabel('Slug').fill('acme');
    await dialog.getByLabel('E-mail address of the owner').fill('olivia@acme.test');
    await dialog.getByLabel('Name of the owner').fill('Olivia');
    await dialog.getByLabel('First password').fill(PASSWORD);
    await press(page, 'Create');
    await page.getByRole('cell', { name: 'Acme Ltd' }).waitFor();
    await press(page, 'Sign out');

    await signIn(page, 'olivia@acme.test', PASSWORD);
    await page.getByRole('link', { name: 'Create a signing key' }).click();
    await press(page, 'Generate key');
    await dialog.getByLabel('Name').fill('partner tokens');
    await press(page, 'Generate');
    await page.getByRole('link', { name: 'partner tokens' }).waitFor();

    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Describe the tokens' }).click();
    await press(page, 'Create token profile');
    await dialog.getByLabel('Name').fill('partner-api');
    await dialog.getByLabel('Audience').fill('https://partner.example');
    await press(page, 'Create');
    await page.getByRole('link', { name: 'partner-api' }).waitFor();

    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Create the service' }).click();
    await press(page, 'Create service');
    await dialog.getByLabel('Name').fill('billing');
    await dialog.getByLabel('Token profiles').fill('partner-api');
    await press(page, 'Create');
    await dialog.getByText('Store these now').waitFor();
    await press(page, 'Done');

    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Try it' }).click();
    await page.getByRole('link', { name: 'partner-api' }).click();
    await press(page, 'Issue a token');
    const issued = page.getByRole('region', { name: 'Issued token' });
    const token = await issued.locator('code').first().innerText();
    await issued.getByText('"sub": "user-42"').waitFor();

    const other = await context.newPage();
    await other.goto('/v1/tenants/acme/.well-known/jwks.json');
    const jwks = createLocalJWKSet(JSON.parse(await other.locator('body').innerText()) as never);
    const { payload } = await jwtVerify(token, jwks, { audience: 'https://partner.example' });
    expect(payload.sub).toBe('user-42');

    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Due in the next 30 days' }).waitFor();
    await expect.poll(() => page.getByText('Steps to the first signed token').count()).toBe(0);
    await page.getByText('events are signed', { exact: false }).waitFor();
    expect(await page.getByText('failed', { exact: true }).count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
    await first.stop();
  });

  it('a service key is created, discarded, reactivated and deleted as in the interface of the vendor', async () => {
    const tenant = await createTenant(server);
    const created = await server.post(`${tenant.path}/services`, { name: 'orders' }, tenant.owner);
    const { page, context, faults } = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
    await page.goto(`/console/t/${tenant.slug}/services/${created.body['service']!['id']}`);

    const first = page.locator(`[data-credential="${created.body['serviceKey']!['id']}"]`);
    const secret = first.locator('[data-secret]');
    expect(await secret.getAttribute('data-secret')).toBe('masked');
    await first.getByRole('button', { name: 'Show Service key' }).click();
    await expect.poll(() => secret.innerText()).toBe(created.body['serviceKey']!['secret']);
    await first.getByRole('button', { name: 'Copy Service key' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(created.body['serviceKey']!['secret']);

    const discard = first.getByRole('button', { name: 'Discard' });
    expect(await discard.getAttribute('aria-disabled')).toBe('true');
    await discard.hover();
    await first.getByText('the last active credential of its type').waitFor();

    await press(page, 'Create authentication credential');
    await press(page, 'Done');
    await page.getByText('Pass it on').waitFor();
    await discard.click();
    await dialogOf(page).getByText('Active of this type afterwards', { exact: true }).waitFor();
    await press(page, 'Yes, Discard');
    await first.getByText('inactive', { exact: true }).waitFor();
    // The other one is the last active one now.
    const others = page.locator('[data-credential]').filter({ hasNot: page.getByText('inactive', { exact: true }) });
    expect(await others.getByRole('button', { name: 'Discard' }).getAttribute('aria-disabled')).toBe('true');

    await first.getByRole('button', { name: 'Reactivate' }).click();
    await first.getByText('active', { exact: true }).waitFor();
    await discard.click();
    await press(page, 'Yes, Discard');
    await first.getByRole('button', { name: 'Delete' }).click();
    await dialogOf(page).getByLabel('Your password').fill('not the password of anybody');
    await press(page, 'Yes, Delete');
    await dialogOf(page).getByText('PASSWORD_INVALID').waitFor();
    await dialogOf(page).getByLabel('Your password').fill(PASSWORD);
    await press(page, 'Yes, Delete');
    await expect.poll(() => first.count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a secret that is shown hides again after half a minute', async () => {
    const tenant = await createTenant(server);
    const created = await server.post(`${tenant.path}/services`, { name: 'orders' }, tenant.owner);
    const { page, context } = await openWindow(browser, server.url);
    await page.clock.install();
    await signIn(page, tenant.owner.email, PASSWORD);
    await page.goto(`/console/t/${tenant.slug}/services/${created.body['service']!['id']}`);
    await press(page, 'Show Service key');
    const visible = page.locator('[data-secret="visible"]');
    await visible.waitFor();
    await page.clock.runFor(29_000);
    expect(await visible.count()).toBe(1);
    await page.clock.runFor(1_100);
    await expect.poll(() => visible.count()).toBe(0);
    await context.close();
  });

  it('an auditor verifies in the browser that nothing of a kept history was changed', async () => {
    const tenant = await createTenant(server);
    // What is signed is entered into the log of the installation, and that is signed.
    const enter = async (): Promise<void> => {
      await server.server.app.get(CheckpointLog).enterDue();
      await server.server.app.get(Checkpoints).publishDue();
    };
    await server.post(`${tenant.path}/services`, { name: 'kept' }, tenant.owner);
    await server.server.app.get(Checkpoints).publishDue();
    const kept = (await server.get(`${tenant.path}/audit-events/checkpoint`, tenant.owner)).text;
    await enter();
    const keptOfLog = parseLogProof(
      (await server.get(`${tenant.path}/history/platform-proof`, tenant.owner)).text,
    ).note;
    await server.post(`${tenant.path}/services`, { name: 'later' }, tenant.owner);
    await createTenant(server);
    await server.server.app.get(Checkpoints).publishDue();
    await enter();

    const { page, context, faults } = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
    await page.goto(`/console/t/${tenant.slug}/proof`);
    const findings = page.getByRole('list', { name: 'Findings' });
    const [field, key, number, event] = [
      'Kept checkpoint',
      'Verifier key that you kept (optional)',
      'Number of an event (optional)',
      'The event as you kept it (optional)',
    ].map((label) => page.getByLabel(label, { exact: true }));
    const verified = async (): Promise<string[]> => {
      await press(page, 'Verify');
      await page.getByRole('button', { name: 'Verify', disabled: false }).waitFor();
      await page.getByText(/^(Verified|Refuted): \d+ of/).waitFor();
      return findings.getByRole('listitem').allInnerTexts();
    };
    const bytes = { headers: { Accept: 'application/octet-stream' } };
    const { text: first } = await server.get(`${tenant.path}/audit-events/1`, { ...tenant.owner, ...bytes });
    const refuted = async (): Promise<string> =>
      (await verified()).filter((finding) => finding.startsWith('refuted')).join('\n');

    await field!.fill(kept);
    await number!.fill('1');
    await event!.fill(first);
    expect((await verified()).map((finding) => finding.split(/\s/)[0])).toEqual(Array(7).fill('verified'));

    // The log of the installation has a checkpoint of the history, and continues what was kept of it.
    const ofLog = page.getByLabel('Kept checkpoint of the installation (optional)', { exact: true });
    await ofLog.fill(keptOfLog);
    await expect.poll(async () => (await verified()).length).toBe(14);
    expect(await refuted()).toBe('');
    await ofLog.fill(kept);
    await expect.poll(refuted).toMatch(/The kept one is of/);
    await ofLog.fill('');
    await page.getByLabel('Also in the log of the installation').check();
    await expect.poll(async () => (await verified()).length).toBe(11);
    expect(await refuted()).toBe('');
    await page.getByLabel('Also in the log of the installation').uncheck();

    await event!.fill(first.replace(/"outcome":"\w+"/, '"outcome":"denied"'));
    await expect.poll(refuted).toMatch(/not what was recorded at place 1[^]*They differ from byte \d+ on/);
    await event!.fill('');
    // A fork: a root that never was, which no key signed.
    const [origin, size, , ...rest] = kept.split('\n');
    await field!.fill([origin, size, `${'A'.repeat(43)}=`, ...rest].join('\n'));
    await expect.poll(refuted).toMatch(/does not verify[^]*was changed, or the log was forked/);
    // A checkpoint of more events than there are.
    await field!.fill([origin, '1000000', ...kept.split('\n').slice(2)].join('\n'));
    await expect.poll(refuted).toMatch(/were removed, or the server shows an earlier state/);
    await field!.fill(kept);
    const otherKey = (await server.get('/v1/history/keys?origin=other.example/x')).body['keys']![0]!['verifierKey']!;
    await key!.fill(otherKey);
    await expect.poll(refuted).toMatch(/It is signed by .+, and the key is other\.example\/x/);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a person with a second factor signs in with a code of the app', async () => {
    const tenant = await createTenant(server);
    const { code } = await enrolTotp(server, tenant.owner.token);
    const { page, context, faults } = await openWindow(browser, server.url);
    await page.goto('/console/sign-in');
    await fillInSignIn(page, tenant.owner.email, PASSWORD);
    await page.getByLabel('Or a recovery code').waitFor();
    // The code of this half minute was used up by the enrolment; one step of skew is accepted.
    await page.getByLabel('Code from the app').fill(code(systemClock.now() + 30 * SECOND));
    await press(page, 'Continue');
    await page.getByRole('heading', { name: tenant.slug }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it('a page continues its session after a reload, and two windows share it', async () => {
    const tenant = await createTenant(server);
    const { page, context } = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
    const second = await context.newPage();
    await Promise.all([page.reload(), second.goto('/console/account')]);
    await Promise.all([page, second].map((each) => each.getByRole('button', { name: 'Sign out' }).waitFor()));
    await press(page, 'Sign out');
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await second.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    expect([page, second].map((each) => new URL(each.url()).pathname)).toEqual(Array(2).fill('/console/sign-in'));
    await context.close();
  });
});
