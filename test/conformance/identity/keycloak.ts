import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CLIENT_ID, CLIENT_SECRET } from '../../support/identity-provider.js';

/** As Maven Central has it. */
const ARTIFACT = 'org.keycloak:keycloak-quarkus-dist:26.5.6:tar.gz';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
const REALM = 'acme';
const ADMIN = 'admin';
const START_MILLISECONDS = 240_000;

export const WORKLOAD_AUDIENCE = 'https://chancery.test';
export const PERSON = { username: 'ada', password: 'ada has a password', email: 'ada@acme.test' };
const GROUP = 'platform-team';

/**
 * Fetches Keycloak by Maven, where that is wanted (`KEYCLOAK=1`).
 * @returns the folder of the archive, or why there is none
 */
export function fetchKeycloak(): { readonly folder: string } | { readonly whyNot: string } {
  if (process.env['KEYCLOAK'] !== '1') return { whyNot: 'only with KEYCLOAK=1' };
  const folder = mkdtempSync(join(tmpdir(), 'chancery-keycloak-'));
  const goal = ['-q', '-B', COPY, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${folder}`];
  if (spawnSync('mvn', goal, { stdio: 'ignore' }).status === 0) return { folder };
  rmSync(folder, { recursive: true });
  return { whyNot: 'Maven is not here, or cannot fetch it' };
}

export interface Keycloak {
  readonly issuer: string;
  /** A person signs in with their password. @returns with what the browser was sent back */
  signIn(authorizationUrl: string): Promise<Record<string, string>>;
  /** The access token of a client for itself. */
  workloadToken(client: 'checkout-job' | 'another-job'): Promise<string>;
  leaveGroup(): Promise<void>;
  /** Signs with a new key from now on; the former one is published for a while. */
  rotateKey(): Promise<void>;
  stop(): Promise<void>;
}

const audienceMapper = {
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.custom.audience': WORKLOAD_AUDIENCE, 'access.token.claim': 'true' },
};
const groupMapper = {
  name: 'groups',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-group-membership-mapper',
  config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true' },
};
const job = (clientId: string, protocolMappers: readonly object[]) => ({
  clientId,
  secret: CLIENT_SECRET,
  serviceAccountsEnabled: true,
  standardFlowEnabled: false,
  fullScopeAllowed: false,
  protocolMappers,
});

/** What the realm has: the client of the sign-in, two of workloads, and a person in a group. */
const realm = {
  realm: REALM,
  enabled: true,
  groups: [{ name: GROUP }],
  clients: [
    {
      clientId: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUris: ['http://127.0.0.1:8400/callback/*'],
      protocolMappers: [groupMapper],
    },
    job('checkout-job', [audienceMapper]),
    job('another-job', []),
  ],
  users: [
    {
      username: PERSON.username,
      email: PERSON.email,
      emailVerified: true,
      enabled: true,
      firstName: 'Ada',
      lastName: 'Lovelace',
      groups: [`/${GROUP}`],
      credentials: [{ type: 'password', value: PERSON.password }],
    },
  ],
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts what was fetched, in the folder of the archive. @throws Error where it does not start */
export async function startKeycloak(folder: string): Promise<Keycloak> {
  const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz'))!;
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder, '--strip-components=1']);
  mkdirSync(join(folder, 'data/import'), { recursive: true });
  writeFileSync(join(folder, 'data/import', `${REALM}.json`), JSON.stringify(realm));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const parameters = ['start-dev', '--import-realm', '--http-host=127.0.0.1', `--http-port=${port}`, '--cache=local'];
  const credentials = { KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN, KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN };
  // A group of its own: the script starts Java as its child.
  const child = spawn(join(folder, 'bin/kc.sh'), parameters, {
    env: { ...process.env, ...credentials },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const issuer = `${url}/realms/${REALM}`;
  for (let waited = 0; !(await answers(`${issuer}/.well-known/openid-configuration`)); waited += 500) {
    if (child.exitCode !== null || waited > START_MILLISECONDS) {
      await stop();
      throw new Error(`Keycloak did not start:\n${output}`);
    }
    await delay(500);
  }
  return { issuer, stop, ...clientsOf(url, issuer) };
}

const answers = (address: string): Promise<boolean> =>
  fetch(address).then(
    ({ ok }) => ok,
    () => false,
  );

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}

function clientsOf(url: string, issuer: string): Omit<Keycloak, 'issuer' | 'stop'> {
  const tokenOf = async (at: string, form: Record<string, string>): Promise<string> => {
    const answer = await fetch(`${at}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    if (!answer.ok) throw new Error(`Keycloak gave no token: ${await answer.text()}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  /** The API of its administrators. */
  const administer = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const form = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN, password: ADMIN };
    const answer = await fetch(`${url}/admin/realms/${REALM}/${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await tokenOf(`${url}/realms/master`, form)}`,
        'Content-Type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Keycloak refused ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };
  return {
    workloadToken: (client) =>
      tokenOf(issuer, { grant_type: 'client_credentials', client_id: client, client_secret: CLIENT_SECRET }),
    leaveGroup: async () => {
      const [user] = await administer<{ id: string }[]>('GET', `users?username=${PERSON.username}`);
      const [group] = await administer<{ id: string }[]>('GET', `groups?search=${GROUP}`);
      await administer('DELETE', `users/${user!.id}/groups/${group!.id}`);
    },
    rotateKey: async () => {
      const config = { priority: ['200'], enabled: ['true'], active: ['true'], algorithm: ['RS256'] };
      const component = {
        name: 'next',
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        config,
      };
      await administer('POST', 'components', component);
    },
    signIn,
  };
}

/** A browser that fills the form of the sign-in page. */
async function signIn(authorizationUrl: string): Promise<Record<string, string>> {
  const page = await fetch(authorizationUrl, { redirect: 'manual' });
  const html = await page.text();
  const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  if (action === undefined) throw new Error(`Keycloak shows no form: ${page.status} ${html}`);
  const answer = await fetch(action, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      Cookie: page.headers
        .getSetCookie()
        .map((cookie) => cookie.split(';')[0])
        .join('; '),
    },
    body: new URLSearchParams({ username: PERSON.username, password: PERSON.password }),
  });
  const location = answer.headers.get('location');
  if (location === null)
    throw new Error(`Keycloak did not accept the password: ${answer.status} ${await answer.text()}`);
  const back = new URL(location);
  const sent = Object.fromEntries(back.searchParams);
  // As the console and the command line do it: Keycloak sends more than the standard names.
  const { code, state, iss } = sent as { code: string; state: string; iss: string };
  return { code, state, iss, identityProviderId: back.pathname.split('/').at(-1)! };
}
