import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Page, Request } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { DAY, systemClock } from '#core';
import { type Permission, permissionsOfRole, roles } from '#tenants';

import {
  COLOUR_RULES,
  type Window,
  accessibilityFaults,
  addAuthenticator,
  browserProgram,
  dialogOf,
  openSignedIn,
  openWindow,
  press,
  signIn,
  startConsole,
} from '../../support/browser.js';
import { pageOf } from '../../support/factors.js';
import { joinTenant } from '../../support/people.js';
import { ADMIN, PASSWORD, createTenant } from '../../support/server.js';
import { AcmeTestClient, bind } from '../acme/acme-client.js';
import { ACTIONS, HARMLESS, NAMED_ACTIONS, READ_BY, WITHOUT_DIALOG, permittedAction } from './role-actions.js';

/** Whatever a person may write, it stays text. */
const SCRIPT = `<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>`;
/** As long as the name of an organisation may be in a certificate (RFC 5280, ub-organization-name). */
const SHORT_SCRIPT = `<img src=x onerror="document.title='ran'">`;
const FIRST_LOAD_BYTES_MAX = 250_000;

/** How much wider what is in the dialog is than the dialog. */
const SIDEWAYS = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('[role=dialog]'))`;

const { server, browser } = await startConsole();
/** Every page of a tenant whose names are all scripts, by address. */
let pages: string[];
/** The pages of the installation, with the same names. */
const PLATFORM_PAGES = [
  '/platform',
  '/platform/identity-providers',
  '/platform/history?targetType=tenant',
  '/platform/history/1',
  '/platform/history/months',
];
/** Their tests are in people.test.ts, settings.test.ts and below. */
const WITHOUT_SESSION = ['/sign-in', '/sign-in/callback/$providerId', '/invitation', '/reset', '/sign-in/passkey'];
/** What was shown once when it was made: on no page of the tenant. */
let secrets: string[];
let owner: Window;
let tenant: Awaited<ReturnType<typeof createTenant>>;

beforeAll(async () => {
  tenant = await createTenant(server, 'pages');
  pages = await fill();
  owner = await openSignedIn(browser, server.url, tenant.owner.email, PASSWORD);
});

/** Something on every page. @returns the addresses of the pages */
async function fill(): Promise<string[]> {
  const { path, owner: by, slug } = tenant;
  const make = async (what: string, body: object) => {
    const answer = await server.post(`${path}/${what}`, body, by);
    if (answer.status >= 400) throw new Error(`${what} was refused: ${answer.text}`);
    return answer.body;
  };
  await server.patch(path, { name: SCRIPT }, by);
  const key = await make('keys', { name: 'signing', algorithm: 'ES256' });
  await make('token-profiles', { name: 'partner-api', format: 'jwt', keyId: key['id'], issuer: SCRIPT });
  const created = await make('services', { name: SCRIPT, description: SCRIPT, profiles: ['partner-api'] });
  const serviceId = created['service']!['id'];
  await make(`services/${serviceId}/credentials`, { authType: 'service_key', name: SCRIPT });
  const rotation = await make('credentials:rotate', { filter: { name: SCRIPT } });
  const authority = await make('certificate-authorities', {
    name: 'pages',
    subject: { commonName: 'Pages CA', organizationName: SHORT_SCRIPT },
    keyAlgorithm: 'P-256',
    validityDays: 20,
  });
  const pending = await make('certificate-authorities', {
    name: 'pages issuing',
    subject: { commonName: 'Pages issuing CA', organizationName: SHORT_SCRIPT },
    externalIssuer: true,
  });
  await server.patch(path, { settings: { allowedDnsNames: ['*.pages.test'] } }, by);
  const { csr } = await make(`keys/${key['id']}/csr`, { subject: { commonName: 'a.pages.test' } });
  const certificate = await make('certificates', {
    csr,
    caId: authority['id'],
    san: ['a.pages.test'],
    validityDays: 5,
  });
  await make('members', { email: 'invited@pages.test', role: 'auditor' });
  const apiToken = await make('api-tokens', {
    name: SCRIPT,
    permissions: ['services:read'],
    expiresAt: new Date(systemClock.now() + 30 * DAY).toISOString(),
    password: PASSWORD,
  });
  await make('service-accounts', { name: SCRIPT, role: 'auditor' });
  await make('identity-providers', {
    name: SCRIPT,
    issuer: 'https://login.pages.test',
    clientId: SCRIPT,
    roleMappings: [{ group: SCRIPT, role: 'auditor' }],
    password: PASSWORD,
  });
  const admin = { token: await server.login() };
  const companyOfAll = {
    name: SCRIPT,
    issuer: 'https://login.pages.test',
    clientId: SCRIPT,
    emailDomains: ['all.pages.test'],
    roleMappings: [{ group: SCRIPT, role: 'auditor', tenantId: tenant.id }],
    password: ADMIN.password,
  };
  expect((await server.post('/v1/platform/identity-providers', companyOfAll, admin)).status).toBe(201);
  await make(`services/${serviceId}/trusts`, {
    name: SCRIPT,
    issuer: 'https://jobs.pages.test',
    audience: SCRIPT,
    claims: { repository_id: SCRIPT },
  });
  const binding = await bind(server, tenant, serviceId!, { caId: authority['id'] });
  await new AcmeTestClient(server, binding.directoryUrl).register(binding);
  const webhook = await make('webhooks', {
    url: `https://hooks.pages.test/?${encodeURI(SCRIPT)}`,
    actions: ['service.*'],
  });
  const webhookId = webhook['webhook']!['id'];
  secrets = [
    created['serviceKey']!['secret']!,
    created['jwtCredential']!['secret']!,
    apiToken['token']!,
    binding.hmacKey,
  ];
  const { items } = (await server.get(`${path}/audit-events?action=tenant.changed`, by)).body;
  await joinTenant(server, tenant, { email: 'scripts@pages.test', role: 'auditor', name: SCRIPT });
  return [
    `/t/${slug}`,
    `/t/${slug}/services`,
    `/t/${slug}/services/${serviceId}`,
    `/t/${slug}/keys`,
    `/t/${slug}/keys/${key['id']}`,
    `/t/${slug}/token-profiles`,
    `/t/${slug}/token-profiles/partner-api`,
    `/t/${slug}/diagnose`,
    `/t/${slug}/certificates`,
    `/t/${slug}/authorities/${authority['id']}`,
    `/t/${slug}/authorities/${pending['id']}`,
    `/t/${slug}/rotations`,
    `/t/${slug}/rotations/${rotation['id']}`,
    `/t/${slug}/certificates/${certificate['kid']}`,
    `/t/${slug}/calendar`,
    `/t/${slug}/calendar?view=list`,
    `/t/${slug}/history?targetType=service`,
    `/t/${slug}/history/${items![0]!['sequence']}`,
    `/t/${slug}/history/months`,
    `/t/${slug}/as-of`,
    `/t/${slug}/proof`,
    `/t/${slug}/members`,
    `/t/${slug}/api-tokens`,
    `/t/${slug}/webhooks`,
    `/t/${slug}/webhooks/${webhookId}`,
    `/t/${slug}/identity-providers`,
    `/t/${slug}/settings`,
    '/account',
  ];
}

/** Shows a page of the console to a person who is signed in, until what it shows has come. */
async function open(page: Page, path: string): Promise<void> {
  // As a link does: the application stays, and its router follows the address.
  await page.evaluate(`history.pushState({}, '', ${JSON.stringify(`/console${path}`)})`);
  const isShown = `document.querySelector('main')?.dataset.page === ${JSON.stringify(path)}
    && document.querySelector('main h1') !== null && !document.body.innerText.includes('Loading …')`;
  await expect.poll(() => page.evaluate(isShown), { message: path }).toBe(true);
}

/** Secrets, and whatever looks like a token, in what the page stores, in its address, its history and its source. */
async function secretsIn(page: Page): Promise<string[]> {
  const shown = String(
    await page.evaluate(
      `JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, location.href, document.title])
        + document.documentElement.outerHTML`,
    ),
  );
  const tokens = shown.match(/(?:csk|crft|chat)_[A-Za-z0-9]{16,}|eyJ[\w-]{10,}\.[\w-]+/g) ?? [];
  return [...tokens, ...secrets.filter((secret) => shown.includes(secret))];
}

/** Each page is accessible in light, in dark and at 360 pixels, and shows scripts as text and no secret. */
async function expectSound({ page, faults }: Window, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await page.setViewportSize({ width: 1_280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page, path);
    expect([path, await accessibilityFaults(page)]).toEqual([path, []]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect([path, 'dark', await accessibilityFaults(page, COLOUR_RULES)]).toEqual([path, 'dark', []]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect([path, 'narrow', await accessibilityFaults(page)]).toEqual([path, 'narrow', []]);
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 360]);
    expect([path, await page.title()]).not.toEqual([path, 'ran']);
    expect([path, await page.locator('img[src=x]').count()]).toEqual([path, 0]);
    expect([path, await secretsIn(page)]).toEqual([path, []]);
  }
  expect(faults).toEqual([]);
}

// Chromium is installed by `.ci/run`; elsewhere these tests are left out.
describe.runIf(browserProgram)('every page of the console', () => {
  it(
    'every page is accessible in light, in dark and at 360 pixels, and shows scripts as text',
    { timeout: 240_000 },
    () => expectSound(owner, pages),
  );

  it('every page of the installation is accessible, and shows scripts as text', async () => {
    const admin = await openSignedIn(browser, server.url, ADMIN.email, ADMIN.password);
    await expectSound(admin, PLATFORM_PAGES);
    await admin.context.close();
  });

  it('an owner of a tenant is offered no action of the installation', async () => {
    for (const path of PLATFORM_PAGES) {
      await open(owner.page, path);
      const offered = (await buttonsOf(owner.page)).filter((button) => button.offered && !HARMLESS.test(button.name));
      expect([path, offered]).toEqual([path, []]);
    }
  });

  it(
    'every dialog is accessible in light, in dark and at 360 pixels, and gives the focus back',
    { timeout: 240_000 },
    async () => {
      const { page, faults } = owner;
      const dialog = dialogOf(page);
      const seen = new Set<string>();
      await page.emulateMedia({ colorScheme: 'light' });
      for (const path of pages) {
        await page.setViewportSize({ width: 1_280, height: 800 });
        await open(page, path);
        for (const { name, offered } of await buttonsOf(page)) {
          if (!offered || seen.has(name) || WITHOUT_DIALOG.test(name)) continue;
          seen.add(name);
          await page.getByRole('main').getByRole('button', { name, exact: true }).first().click();
          await expect.poll(() => dialog.count(), { message: `${path} ${name}` }).toBe(1);
          await expect.poll(() => dialog.getByText('Loading …').count()).toBe(0);
          expect([path, name, await accessibilityFaults(page)]).toEqual([path, name, []]);
          await page.emulateMedia({ colorScheme: 'dark' });
          expect([path, name, 'dark', await accessibilityFaults(page, COLOUR_RULES)]).toEqual([path, name, 'dark', []]);
          await page.emulateMedia({ colorScheme: 'light' });
          await page.setViewportSize({ width: 360, height: 740 });
          expect([path, name, 'narrow', await accessibilityFaults(page)]).toEqual([path, name, 'narrow', []]);
          expect([path, name, await page.evaluate(SIDEWAYS)]).toEqual([path, name, 0]);
          await page.setViewportSize({ width: 1_280, height: 800 });
          await page.keyboard.press('Escape');
          await expect.poll(() => dialog.count(), { message: `${path} ${name} closes` }).toBe(0);
          const focused = `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`;
          expect([path, await page.evaluate(focused)]).toEqual([path, name]);
        }
      }
      expect(seen.size).toBeGreaterThan(25);
      expect(faults).toEqual([]);
    },
  );

  it('no page keeps anything, and no secret is in the log of the server', async () => {
    const { page, context } = owner;
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
    const cookies = await context.cookies();
    expect(cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Strict']]);
    const log = server.logs.join('\n');
    expect([...secrets, PASSWORD].filter((secret) => log.includes(secret))).toEqual([]);
  });

  it.each(['ndjson', 'csv'])(
    'an export as %s holds scripts as text, and no browser shows it as a page',
    async (format) => {
      const path = `${tenant.path}/audit-events/export?format=${format}`;
      const { text, headers } = await server.get(path, tenant.owner);
      expect(text).toContain('<script>document.title=');
      expect(headers.get('content-type')).toMatch(/^(application\/x-ndjson|text\/csv)/);
      expect([headers.get('x-content-type-options'), headers.get('content-disposition')]).toEqual([
        'nosniff',
        expect.stringMatching(/^attachment; /),
      ]);
    },
  );

  it('the keyboard alone leads through a page and into and out of a dialog', async () => {
    const { page } = owner;
    await open(page, pages[1]!);
    await page.getByRole('button', { name: 'Create service' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Tab');
    const isInDialog = 'document.querySelector("[role=dialog]").contains(document.activeElement)';
    await expect.poll(() => page.evaluate(isInDialog)).toBe(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Create service');
  });

  it('the first page takes less than 250 KB', async () => {
    const { page, context } = await openWindow(browser, server.url);
    const requests: Request[] = [];
    page.on('requestfinished', (request) => requests.push(request));
    await signIn(page, tenant.owner.email, PASSWORD);
    await page.waitForLoadState('networkidle');
    const files = requests.filter((request) => new URL(request.url()).pathname.startsWith('/console'));
    const sizes = await Promise.all(files.map((request) => request.sizes()));
    const total = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
    expect(total).toBeGreaterThan(50_000);
    expect(total).toBeLessThan(FIRST_LOAD_BYTES_MAX);
    await context.close();
  });

  it('the console is shown in no frame', async () => {
    const { page, context } = await openWindow(browser, server.url);
    await page.goto('/health/live');
    await page.evaluate(`document.body.innerHTML = '<iframe src="/console"></iframe>'`);
    await expect.poll(() => page.frames().length).toBe(2);
    await expect.poll(() => page.frames()[1]!.url()).toMatch(/^chrome-error:/);
    await context.close();
  });
});

describe.runIf(browserProgram)('the passkey of a command line', () => {
  it('the page of the command line has the passkey sign what it was asked, and sends it to this machine', async () => {
    const email = 'passkey@pages.test';
    await joinTenant(server, tenant, { email, role: 'auditor' });
    const token = await server.login(email, PASSWORD);
    const window = await openWindow(browser, pageOf(server));
    const { page, context } = window;
    await addAuthenticator(window);
    const enrolment = { kind: 'passkey', name: 'laptop', password: PASSWORD };
    const enrolled = (await server.post('/v1/auth/factors', enrolment, { token })).body;
    await page.goto('/console/sign-in');
    const passkey: unknown = await page.evaluate(`(async () => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(enrolled['passkey'])});
      return (await navigator.credentials.create({ publicKey })).toJSON();
    })()`);
    const factor = `/v1/auth/factors/${enrolled['factor']!['id']}`;
    expect((await server.post(`${factor}/confirm`, { passkey }, { token })).status).toBe(200);
    const question = (await server.post('/v1/auth/login', { email, password: PASSWORD })).body;
    const answered = Promise.withResolvers<URLSearchParams>();
    const program = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1');
      if (pathname === '/passkey') answered.resolve(searchParams);
      response.end();
    });
    await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
    const { port } = program.address() as AddressInfo;
    const state = 'a-state_of-16-bytes';
    const hash = { port: String(port), state, options: JSON.stringify(question['passkeyOptions']) };
    await page.goto(`/console/sign-in/passkey#${new URLSearchParams(hash).toString()}`);
    await page.getByText('Continue only if you have just started it').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await press(page, 'Use a passkey');
    const parameters = await answered.promise;
    program.close();
    expect(parameters.get('state')).toBe(state);
    const answer = { mfaToken: question['mfaToken'], passkey: JSON.parse(parameters.get('passkey')!) as unknown };
    expect((await server.post('/v1/auth/login/verify', answer)).status).toBe(200);
    await page.goto('/console/sign-in/passkey#port=80');
    await page.getByText('The command line did not open this address').waitFor();
    await context.close();
  });
});

/** Every button outside of the navigation, and whether it can be used. */
const buttonsOf = (page: Page): Promise<{ name: string; offered: boolean }[]> =>
  page.evaluate(`[...document.querySelectorAll('main button')].map((button) => ({
    name: button.getAttribute('aria-label') ?? button.textContent,
    offered: button.getAttribute('aria-disabled') !== 'true',
  }))`);

describe.runIf(browserProgram)('the actions of a role', () => {
  it.each(roles)('the actions that the console offers to the role %s are those that the API permits', async (role) => {
    const email = `${role}@roles.test`;
    await joinTenant(server, tenant, { email, role });
    const { page, context } = await openSignedIn(browser, server.url, email, PASSWORD);
    const seen = new Set<string>();
    for (const path of pages) {
      await open(page, path);
      for (const { name, offered } of await buttonsOf(page)) {
        if (HARMLESS.test(name)) continue;
        const found = permittedAction(role, name);
        expect([path, name, found]).not.toEqual([path, name, undefined]);
        seen.add(found!.action);
        expect([role, name, offered]).toEqual([role, name, found!.permitted]);
      }
    }
    // A page that the role may not read has no actions.
    const permissions = permissionsOfRole(role);
    const isRead = (permission: Permission) => {
      const readBy = READ_BY[permission.split(':')[0]!];
      return readBy === undefined || permissions.includes(readBy);
    };
    const readable =
      role === 'auditor'
        ? ['Create service', 'Generate key']
        : [
            ...Object.keys(ACTIONS).filter((name) => isRead(ACTIONS[name]!)),
            ...NAMED_ACTIONS.filter(({ permission }) => isRead(permission)).map(({ pattern }) => String(pattern)),
          ];
    expect(readable.filter((name) => !seen.has(name))).toEqual([]);
    await context.close();
  });
});

describe.runIf(browserProgram)('the addresses of the console', () => {
  it('every page of the router is among those that are walked as each role, or is for people without a session', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../apps/console/src/router.tsx'), 'utf8');
    const declared =
      /(?:getParentRoute: \(\) => |\b(?=\w+Page\())(tenant|signedIn|root|open)(?:,\s*path: |Page\(\s*)'([^']*)'/g;
    const routes = [...source.matchAll(declared)].map(([, parent, path]) =>
      parent === 'tenant' ? `/t/$tenant${path === '/' ? '' : path}` : path!,
    );
    expect(routes.length).toBeGreaterThan(35);
    const walked = [...pages, ...PLATFORM_PAGES].map((path) => path.split('?')[0]!);
    const isWalked = (route: string) => {
      const parts = route.split('/');
      return walked.some((path) => {
        const of = path.split('/');
        return of.length === parts.length && parts.every((part, place) => part.startsWith('$') || part === of[place]);
      });
    };
    // The first only leads to another one; the last is shown to who needs a second factor.
    const notWalked = routes.filter((route) => !isWalked(route));
    expect(notWalked.toSorted()).toEqual([...WITHOUT_SESSION, '/', '/second-factor'].toSorted());
  });
});
