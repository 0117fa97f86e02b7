import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';
import { DAY, HOUR, systemClock, toRfc3339 } from '#core';

import { browserProgram, launchBrowser, openSignedIn, openWindow, signIn } from '../../support/browser.js';
import { joinTenant } from '../../support/people.js';
import {
  ADMIN,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const FOLDER = join(import.meta.dirname, '../../../docs/console');
const QUALITY = 70;

/** A tenant as one is after some weeks. @returns the pages by the names of their pictures */
async function fill(server: TestServer, tenant: TestTenant): Promise<Record<string, string>> {
  const { path, owner: by, slug } = tenant;
  const make = async (what: string, body: object) => {
    const answer = await server.post(`${path}/${what}`, body, by);
    if (answer.status >= 300) throw new Error(`${what} was refused: ${answer.text}`);
    return answer.body;
  };
  const inDays = (days: number): string => toRfc3339(systemClock.now() + days * DAY);
  await server.patch(path, { name: 'Acme Ltd', settings: { allowedDnsNames: ['*.acme.example'] } }, by);
  const key = await make('keys', {
    name: 'partner tokens',
    algorithm: 'ES256',
    rotateEverySeconds: (25 * DAY) / 1_000,
  });
  await make(`keys/${key['id']}/rotate`, {});
  await make('token-profiles', {
    name: 'partner-api',
    format: 'jwt',
    keyId: key['id'],
    audience: ['https://partner.example'],
  });
  const services = [];
  for (const name of ['billing', 'orders', 'warehouse']) {
    services.push(await make('services', { name, description: `The ${name} service`, profiles: ['partner-api'] }));
  }
  const serviceId = services[0]!['service']!['id'];
  await make(`services/${serviceId}/credentials`, { authType: 'service_key', name: 'autumn', expiresAt: inDays(12) });
  await make(`services/${serviceId}/credentials`, { authType: 'jwt', name: 'winter', expiresAt: inDays(18) });
  const rotation = await make('credentials:rotate', { filter: { authType: 'jwt' }, overlapSeconds: HOUR / 1_000 });
  await server.runScheduler();
  const root = await make('certificate-authorities', { name: 'Acme Root', subject: { commonName: 'Acme Root' } });
  const issuing = await make('certificate-authorities', {
    name: 'Acme Issuing',
    subject: { commonName: 'Acme Issuing' },
    parentId: root['id'],
    validityDays: 300,
  });
  const { csr } = await make(`keys/${key['id']}/csr`, { subject: { commonName: 'api.acme.example' } });
  const certificate = await make('certificates', {
    csr,
    caId: issuing['id'],
    san: ['api.acme.example'],
    validityDays: 20,
  });
  await fetch(`${server.url}/pki/${issuing['id']}/crl`);
  await make('members', { email: 'iris@acme.example', role: 'limited_access' });
  await joinTenant(server, tenant, { email: 'ada@acme.example', role: 'auditor', name: 'Ada' });
  await make('api-tokens', {
    name: 'nightly',
    permissions: ['services:read'],
    expiresAt: inDays(30),
    password: PASSWORD,
  });
  const webhook = await make('webhooks', {
    url: 'https://hooks.acme.example/chancery',
    actions: ['credential.*', 'key.*'],
  });
  await make('identity-providers', {
    name: 'Acme sign-in',
    issuer: 'https://login.acme.example',
    clientId: 'chancery',
    roleMappings: [{ group: 'auditors', role: 'auditor' }],
    password: PASSWORD,
  });
  await server.post('/v1/auth/login', { email: by.email, password: 'not the password of the owner' });
  await server.server.app.get(Checkpoints).publishDue();
  const { items } = (await server.get(`${path}/audit-events?action=tenant.changed`, by)).body;
  const pages = {
    overview: '',
    services: '/services',
    credentials: `/services/${serviceId}`,
    rotations: '/rotations',
    rotation: `/rotations/${rotation['id']}`,
    keys: '/keys',
    key: `/keys/${key['id']}`,
    certificates: '/certificates',
    certificate: `/certificates/${certificate['kid']}`,
    authority: `/authorities/${issuing['id']}`,
    'token-profiles': '/token-profiles',
    'token-profile': '/token-profiles/partner-api',
    diagnose: '/diagnose',
    calendar: '/calendar',
    history: '/history',
    months: '/history/months',
    event: `/history/${items![0]!['sequence']}`,
    'as-of': '/as-of',
    proof: '/proof',
    members: '/members',
    'api-tokens': '/api-tokens',
    webhooks: '/webhooks',
    webhook: `/webhooks/${webhook['webhook']!['id']}`,
    'identity-providers': '/identity-providers',
    settings: '/settings',
  };
  return Object.fromEntries(Object.entries(pages).map(([name, of]) => [name, `/console/t/${slug}${of}`]));
}

async function show(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator('main h1').waitFor();
  await expect.poll(() => page.getByText('Loading …').count()).toBe(0);
}

const fileOf = (name: string): string => join(FOLDER, `${name}.jpg`);

const picture = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: fileOf(name), type: 'jpeg', quality: QUALITY });

// `npm run screenshots`, at a release: they differ in each run.
describe.runIf(browserProgram && process.env['CONSOLE_SCREENSHOTS'])('the pictures of the console', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer({ clock: systemClock });
    browser = await launchBrowser(browserProgram!);
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  it('each page of the console has its picture', { timeout: 240_000 }, async () => {
    const tenant = await createTenant(server, 'acme');
    const pages = await fill(server, tenant);
    const { page, context } = await openWindow(browser, server.url);
    await page.goto('/console/sign-in');
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await picture(page, 'sign-in');
    for (const name of ['invitation', 'reset']) {
      await show(page, `/console/${name}`);
      await picture(page, name);
    }
    await signIn(page, tenant.owner.email, PASSWORD);
    for (const [name, path] of Object.entries(pages)) {
      await show(page, path);
      await picture(page, name);
    }
    for (const name of ['account', 'second-factor']) {
      await show(page, `/console/${name}`);
      await picture(page, name);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await show(page, pages['history']!);
    await picture(page, 'history-dark');
    await context.close();

    const admin = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
    for (const [name, path] of [
      ['platform', '/console/platform'],
      ['platform-identity-providers', '/console/platform/identity-providers'],
      ['platform-history', '/console/platform/history'],
    ] as const) {
      await show(admin.page, path);
      await picture(admin.page, name);
    }
    await admin.context.close();
    expect(Object.keys(pages).filter((name) => !existsSync(fileOf(name)))).toEqual([]);
  });
});
