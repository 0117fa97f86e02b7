import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, systemClock, toRfc3339 } from '#core';

import {
  type Window,
  accessibilityFaults,
  browserProgram,
  dialogOf,
  openSignedIn,
  press,
  startConsole,
} from '../../support/browser.js';
import { AcmeTestClient } from '../acme/acme-client.js';
import { createAuthority, csrPem } from '../certificates/pki.js';
import { Workshop } from '../../support/openssl.js';
import { OutsideRoot } from '../../support/outside-root.js';
import { PASSWORD, type TestTenant, createTenant } from '../../support/server.js';
import { transitKeys } from '../../support/transit-keys.js';

const engine = await transitKeys();
const { server, browser } = await startConsole({
  CHANCERY_KEY_STORES: `hsm=${engine.uri}`,
  CHANCERY_KEY_STORE_TENANTS: 'hsm=*',
});
const workshop = new Workshop();
const outside = new OutsideRoot(workshop);
let tenant: TestTenant;
let owner: Window;

beforeAll(async () => {
  tenant = await createTenant(server, 'things');
  owner = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
});
afterAll(async () => {
  workshop.clear();
  await engine.close();
});

/** How many months one instant is after another, by the calendar. */
function monthsBetween(earlier: string, later: string): number {
  const count = (text: string): number => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
  return count(later) - count(earlier);
}

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('the calendar in the console', () => {
  it('a month shows on which days something is due, and a day what happens then and what is announced', async () => {
    const due = toRfc3339(systemClock.now() + 40 * DAY);
    const created = await server.post(
      `${tenant.path}/services`,
      { name: 'dated', contacts: ['ops@things.test'] },
      tenant.owner,
    );
    const path = `${tenant.path}/services/${created.body['service']!['id']}/credentials`;
    await server.post(path, { authType: 'jwt', name: 'autumn', expiresAt: due }, tenant.owner);
    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/calendar`);
    const day = page.getByRole('button', { name: `1 on ${due.slice(0, 10)}` });
    for (let months = monthsBetween(toRfc3339(systemClock.now()), due); months > 0; months -= 1) {
      await press(page, 'Next month');
    }
    await day.focus();
    await page.keyboard.press('Enter');
    const items = page.getByRole('list', { name: `Due on ${due.slice(0, 10)}` });
    await items.getByText('credential autumn').waitFor();
    await items.getByText('expires', { exact: true }).waitFor();
    await items.getByText(/next announcement/).waitFor();
    await items.getByText('to ops@things.test').waitFor();
    await page.waitForURL((url) => url.search.includes(due.slice(0, 10)));
    await page.getByLabel('Show as').selectOption('list');
    await page.getByText('credential autumn').waitFor();
    await page.getByLabel('Only of the kind').selectOption('certificate');
    await page.getByText('Nothing is due in this period.').waitFor();
    expect(faults).toEqual([]);
  });

  it('a calendar link is read without a session, and stays out of the address and the history of the page', async () => {
    const { page } = owner;
    await page.goto(`/console/t/${tenant.slug}/calendar`);
    await press(page, 'Create a calendar link');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Your password').fill(PASSWORD);
    await press(page, 'Create');
    await dialog.getByText('It is shown only once').waitFor();
    const link = await dialog.locator('code').first().innerText();
    expect(await accessibilityFaults(page)).toEqual([]);
    const answer = await fetch(link);
    expect([answer.status, (await answer.text()).startsWith('BEGIN:VCALENDAR')]).toEqual([200, true]);
    expect(await page.evaluate('location.href + JSON.stringify(history.state)')).not.toContain('chat_');
    await press(page, 'Done');
    expect(await page.content()).not.toContain('chat_');
  });
});

/** A service with a service key and a JWT credential. @returns its id */
const createService = async (name: string): Promise<string> =>
  (await server.post(`${tenant.path}/services`, { name }, tenant.owner)).body['service']!['id']!;

describe.runIf(browserProgram)('rotations of many credentials in the console', () => {
  it('a rotation is foreseen, started, followed to its end and resumed with what was rejected', async () => {
    const services = await Promise.all(['first', 'second', 'third'].map(createService));
    // No room for a successor: a second one, discarded.
    const path = `${tenant.path}/services/${services[2]}/credentials`;
    const second = await server.post(path, { authType: 'service_key', name: 'quarterly' }, tenant.owner);
    const { items } = (await server.get(`${path}?authType=service_key`, tenant.owner)).body;
    const old = (items as unknown as { id: string }[]).find(({ id }) => id !== second.body['id'])!;
    await server.post(`${path}/${old.id}/discard`, undefined, tenant.owner);

    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/rotations`);
    await press(page, 'Rotate credentials');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Type', { exact: true }).selectOption('service_key');
    await press(page, 'Show what would happen');
    await dialog.getByText(/active credentials of the type service key/).waitFor();
    const selected = Number(
      /^\d+/.exec(await dialog.getByText(/active credentials of the type service key/).innerText())![0],
    );
    expect(selected).toBeGreaterThanOrEqual(3);
    await dialog.getByText('Another credential of its type is inactive', { exact: false }).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Yes, Rotate');
    await page.getByText(`0 of ${selected} are done`).waitFor();
    await server.runScheduler();
    await page.getByText(`${selected} of ${selected} are done`).waitFor();
    await page.getByText('completed', { exact: true }).waitFor();
    await page.getByLabel('Show').selectOption('rejected');
    const report = page.getByRole('region', { name: 'Report' });
    await report.getByText('Another credential of its type is inactive', { exact: false }).waitFor();
    await expect.poll(() => report.getByRole('row').count()).toBe(2);

    await server.delete(`${path}/${old.id}`, { password: PASSWORD }, tenant.owner);
    await press(page, 'Rotate what remains');
    expect(await dialog.getByLabel('Type', { exact: true }).inputValue()).toBe('service_key');
    await press(page, 'Show what would happen');
    // The one that was rejected: the successors of the others are younger than the rotation.
    await dialog.getByText(/^1: active credentials of the type service key, created before/).waitFor();
    await press(page, 'Yes, Rotate');
    await page.getByText('0 of 1 are done').waitFor();
    await press(page, 'Cancel the rotation');
    await page.getByText('cancelled', { exact: true }).waitFor();
    await server.runScheduler();
    const cancel = page.getByRole('button', { name: 'Cancel the rotation' });
    expect(await cancel.getAttribute('aria-disabled')).toBe('true');
    expect(await page.getByText('0 of 1 are done').count()).toBe(1);
    expect(faults).toEqual([]);
  });
});

describe.runIf(browserProgram)('certificates in the console', () => {
  it('the key of an authority is made in a key store that is open to the tenant, as its page says', async () => {
    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/certificates`);
    await press(page, 'Create authority');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name', { exact: true }).fill('In a store');
    await dialog.getByLabel('Common name').fill('In a store');
    await dialog.getByLabel('Private key').selectOption({ label: 'hsm (transit)' });
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'In a store', exact: true }).click();
    await page.getByText('P-256, never leaves the key store hsm').waitFor();
    expect(engine.keys.size).toBe(1);
    expect(faults).toEqual([]);
  });

  it('an authority of an external issuer shows its request, takes the certificate that comes back, and can be given up before', async () => {
    const root = await outside.create('outside');
    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/certificates`);
    const create = async (name: string): Promise<void> => {
      await press(page, 'Create authority');
      const dialog = dialogOf(page);
      await dialog.getByLabel('Name', { exact: true }).fill(name);
      await dialog.getByLabel('Issuer').selectOption({ label: 'Outside of this server, such as an offline root' });
      await dialog.getByLabel('Common name').fill(name);
      expect(await accessibilityFaults(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByText('pending', { exact: true }).waitFor();
    };
    await create('Given up');
    await press(page, 'Delete authority');
    await press(page, 'Yes, Delete');
    await page.getByRole('heading', { name: 'Certificates', exact: true }).waitFor();
    await create('Certified outside');
    const download = page.waitForEvent('download');
    await press(page, 'Download the request (CSR)');
    const csr = await readFile(await (await download).path(), 'utf8');
    const certificate = await outside.certify('outside', csr);
    await press(page, 'Upload certificate');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Chain (PEM)', { exact: true }).fill(certificate);
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    await dialog.getByText('The certificates of its issuers are missing', { exact: false }).waitFor();
    await dialog.getByLabel('Chain (PEM)', { exact: true }).fill(certificate + root);
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByText('active', { exact: true }).first().waitFor();
    await page.getByText('For a renewal, send the same request', { exact: false }).waitFor();
    expect(faults).toEqual([]);
  });

  it('an authority shows its chain, and its CRL and OCSP as soon as there is one', async () => {
    const root = await createAuthority(server, tenant, { name: 'Root' });
    const issuing = await createAuthority(server, tenant, { name: 'Issuing', parentId: root['id'] });
    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/certificates`);
    await page.getByRole('link', { name: 'Issuing', exact: true }).click();
    const chain = page.getByRole('list', { name: 'Chain' });
    await expect.poll(() => chain.getByRole('link').allInnerTexts()).toEqual(['Issuing', 'Root']);
    await page.getByText('No list has been published yet', { exact: false }).waitFor();
    await page.getByText('no responder yet', { exact: false }).waitFor();
    const list = await fetch(`${server.url}/pki/${issuing['id']}/crl`);
    const { length } = Buffer.from(await list.arrayBuffer());
    await page.reload();
    await page.getByText(`${length} bytes`).waitFor();
    await page.getByText('current', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  it('every finding of the policy on a dropped request is shown, and a filter finds what was issued', async () => {
    const csr = csrPem('findings', {});
    await server.patch(tenant.path, { settings: { allowedDnsNames: ['*.things.test'] } }, tenant.owner);
    const body = { csr, san: ['*.other.test', 'a.other.test'] };
    const refused = await server.post(`${tenant.path}/certificates`, body, tenant.owner);
    const findings = (refused.body['errors'] as unknown as { detail: string }[]).map(({ detail }) => detail);
    expect([refused.status >= 400, findings.length > 1]).toEqual([true, true]);

    const { page, faults } = owner;
    await page.goto(`/console/t/${tenant.slug}/certificates`);
    await press(page, 'Issue certificate');
    const dialog = dialogOf(page);
    await dialog
      .getByLabel('Request (CSR, PEM) from a file')
      .setInputFiles({ name: 'findings.csr', mimeType: 'application/x-pem-file', buffer: Buffer.from(csr) });
    await dialog.getByLabel('Authority').selectOption({ label: 'Issuing' });
    await dialog.getByLabel('Alternative names').fill(body.san.join(', '));
    await dialog.getByRole('button', { name: 'Issue' }).click();
    for (const finding of findings) await dialog.getByRole('listitem').filter({ hasText: finding }).first().waitFor();
    await dialog.getByLabel('Valid for (days)').fill('5');
    await dialog.getByLabel('Alternative names').fill('');
    await dialog.getByRole('button', { name: 'Issue' }).click();
    await page.getByRole('heading', { name: /findings/ }).waitFor();
    await page.getByRole('button', { name: 'Hold' }).click();
    await page.getByText('held', { exact: true }).waitFor();

    await page.getByRole('link', { name: 'Certificates' }).click();
    await page.getByText('Filters', { exact: true }).click();
    await page.getByLabel('State').selectOption('held');
    await page.getByLabel('Subject begins with').fill('find');
    await press(page, 'Apply');
    await page.getByRole('link', { name: /findings/ }).waitFor();
    await expect
      .poll(() => Object.fromEntries(new URL(page.url()).searchParams))
      .toEqual({ state: 'held', subject: 'find' });
    await page.getByLabel('Subject begins with').fill('nothing');
    await press(page, 'Apply');
    await page.getByText('No certificate matches', { exact: false }).waitFor();
    expect(faults).toEqual([]);
  });
});

describe.runIf(browserProgram)('ACME in the console', () => {
  it('a client is bound to a service by a key that is shown once, and its account is revoked', async () => {
    const { page, faults } = owner;
    const { id: caId } = await createAuthority(server, tenant, {
      name: 'Servers',
      profile: { extendedKeyUsage: ['serverAuth'] },
    });
    const { body } = await server.post(`${tenant.path}/services`, { name: 'web' }, tenant.owner);
    await page.goto(`/console/t/${tenant.slug}/authorities/${caId}`);
    const directoryUrl = `${server.url}/acme/${caId}/directory`;
    await page.getByText(directoryUrl).waitFor();

    await page.goto(`/console/t/${tenant.slug}/services/${body['service']!['id']}`);
    await press(page, 'Create ACME binding');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Authority').selectOption({ label: 'Servers' });
    await dialog.getByLabel('Usable for (days)').fill('2');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('is shown only once').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const [shownUrl, id, hmacKey] = (await dialog.locator('code').allInnerTexts()) as [string, string, string];
    expect(shownUrl).toBe(directoryUrl);
    await press(page, 'Done');
    expect(await page.content()).not.toContain(hmacKey);

    const acme = new AcmeTestClient(server, directoryUrl);
    await acme.register({ id, hmacKey, directoryUrl });
    const accountId = acme.kid!.split('/').at(-1)!;
    await page.reload();
    await press(page, `Orders of ACME account ${accountId}`);
    await dialog.getByText('It has no orders').waitFor();
    await press(page, 'Close');
    await press(page, `Revoke ACME account ${accountId}`);
    await press(page, 'Yes, Revoke');
    await page.getByRole('region', { name: 'ACME accounts' }).getByText('revoked', { exact: true }).waitFor();
    await press(page, `Delete ACME binding ${id}`);
    await page.getByText('There is no binding').waitFor();
    expect(faults).toEqual([]);
  });
});
