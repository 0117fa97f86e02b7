import { spawnSync } from 'node:child_process';

import axe from 'axe-core';
import { type Browser, type BrowserContext, type Locator, type Page, chromium } from 'playwright-core';
import { afterAll } from 'vitest';

import { systemClock } from '#core';

import { type TestServer, startTestServer } from './server.js';

/** Debian's Chromium; `undefined` where it is not installed. */
export const browserProgram = ['chromium', '/usr/bin/chromium'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Containers have no name spaces for a sandbox; the pages are those of the server under test. */
export const launchBrowser = (program: string): Promise<Browser> =>
  chromium.launch({
    executablePath: program.startsWith('/') ? program : `/usr/bin/${program}`,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });

/**
 * A server with its console and a browser, for the tests of the file that calls this while it is loaded; nothing where no browser is
 * installed: continuous integration installs one, and elsewhere these tests are left out.
 */
export async function startConsole(environment: Readonly<Record<string, string>> = {}) {
  if (browserProgram === undefined) return {} as { server: TestServer; browser: Browser };
  const server = await startTestServer({ clock: systemClock, environment });
  const browser = await launchBrowser(browserProgram);
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  return { server, browser };
}

/** How long a page may take to show what is waited for: no measure of the product, whatever else the machine does. */
const PATIENCE_MILLISECONDS = 40_000;

/** A window as a person has one, and what went wrong in it. */
export interface Window {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors of scripts, violations of the content security policy, requests to other hosts. */
  readonly faults: string[];
}

export interface WindowOptions {
  readonly width?: number;
  readonly dark?: boolean;
}

/** A new window without cookies, on the pages of a server. */
export async function openWindow(browser: Browser, url: string, options: WindowOptions = {}): Promise<Window> {
  const { width = 1_280, dark = false } = options;
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    // That an answer was a refusal is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) faults.push(`asked ${request.url()}`);
  });
  return { context, page, faults };
}

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The rules of axe that depend on colours, and on nothing else that another look of a page changes. */
export const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/**
 * What is not accessible on the page as it is shown now (WCAG 2.2 A and AA).
 * @param rules only these rules of axe, where the page was checked by all of them in another look
 */
export async function accessibilityFaults(page: Page, rules?: string[]): Promise<string[]> {
  // Half a megabyte, which each check would send again: the document keeps it as long as it lives.
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axe.source);
  const runOnly = rules === undefined ? { type: 'tag', values: STANDARDS } : { type: 'rule', values: rules };
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'] });
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${options})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
  );
}

/** Fills in and sends the form that the page shows to a person without a session. */
export async function fillInSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Sign in');
}

/** Signs a person in, by the form. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/console/sign-in');
  await fillInSignIn(page, email, password);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** A window in which a person has signed in by a password. */
export async function openSignedIn(
  browser: Browser,
  url: string,
  email: string,
  password: string,
  options: WindowOptions = {},
): Promise<Window> {
  const window = await openWindow(browser, url, options);
  await signIn(window.page, email, password);
  return window;
}

/** Gives a window an authenticator that says yes without a person in front of it (WebAuthn Level 3 §11). */
export async function addAuthenticator({ context, page }: Window): Promise<void> {
  const devices = await context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

export const dialogOf = (page: Page): Locator => page.getByRole('dialog');

/** A list of a page, by its label: the same words may stand in another list for as long as that is read again. */
export const regionOf = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });
