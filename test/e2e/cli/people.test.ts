// The command line as people and pipelines use it, against a real server.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { KeyUsage } from '#signing';

import { run } from '../../../apps/cli/src/program.js';
import { passkeyRequestIn } from '../../../apps/console/src/passkey-request.js';
import { createAuthenticator } from '../../support/authenticator.js';
import { enrolPasskey, enrolTotp, pageOf } from '../../support/factors.js';
import { startRealProvider } from '../../support/identity-provider.js';
import { createApiToken, joinTenant } from '../../support/people.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { REACHABLE, createProvider, person as newcomer } from '../admin/company.js';
import { createAuthority, csrPem } from '../certificates/pki.js';
import { createKey, createProfile, createService } from '../signing/issuer.js';

let server: TestServer;
let tenant: TestTenant;
let folder: string;
let homes = 0;
beforeAll(async () => {
  server = await startTestServer({ environment: REACHABLE });
  tenant = await createTenant(server, 'fleet');
  folder = mkdtempSync(join(tmpdir(), 'chancery-people-'));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** A person with a home of their own, who answers questions in this order. */
function person(environment: Record<string, string> = {}) {
  const home = join(folder, `home-${++homes}`);
  const asked: [question: string, hidden: boolean][] = [];
  let browse: ((url: string) => void) | undefined;
  const chancery = async (
    line: string | readonly string[],
    { answers = [], input = '', more = {} }: { answers?: string[]; input?: string; more?: Record<string, string> } = {},
  ): Promise<Outcome> => {
    const written = { output: '', errors: '' };
    const left = [...answers];
    const code = await run(typeof line === 'string' ? line.split(' ') : line, {
      environment: { XDG_CONFIG_HOME: home, CHANCERY_URL: server.url, ...environment, ...more },
      write: (text) => (written.output += text),
      fail: (text) => (written.errors += text),
      ask: async (question, { hidden = false } = {}) => {
        asked.push([question, hidden]);
        return left.shift()!;
      },
      readInput: async () => input,
      ...(browse === undefined ? {} : { openBrowser: browse }),
    });
    return { code, ...written };
  };
  /** What a command prints as JSON. */
  const json = async <Answer = Shape>(line: string, options?: Parameters<typeof chancery>[1]): Promise<Answer> => {
    const { code, output, errors } = await chancery([...line.split(' '), '--json'], options);
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${errors}`);
    return JSON.parse(output) as Answer;
  };
  const file = join(home, 'chancery/credentials.json');
  const stored = () => JSON.parse(readFileSync(file, 'utf8')) as { servers: Record<string, { session: Shape }> };
  const login = (email = tenant.owner.email) => chancery(`login --email ${email}`, { answers: [PASSWORD] });
  /** The browser of the person. */
  const withBrowser = (open: (url: string) => void) => {
    browse = open;
  };
  return { chancery, json, asked, file, stored, login, withBrowser };
}

/** The tenant, with a session that has not expired. */
const present = async (): Promise<TestTenant> => ({ ...tenant, owner: { ...tenant.owner, ...(await ownerCall()) } });

async function owner() {
  const signedIn = person();
  expect(await signedIn.login()).toMatchObject({ code: 0 });
  return signedIn;
}

/** Automation with a token in its environment. */
const automation = async (...permissions: string[]) =>
  person({
    CHANCERY_TOKEN: (await createApiToken(server, tenant, permissions, { call: await ownerCall() })).token,
    CHANCERY_TENANT: tenant.slug,
  });
const ownerCall = async () => ({ token: await server.login(tenant.owner.email, PASSWORD) });

describe('signing in', () => {
  it('a person signs in once and out again, and only they can read the file of the session', async () => {
    const { chancery, asked, file } = person();
    expect(await chancery('whoami')).toMatchObject({ code: 3, errors: expect.stringContaining('chancery login') });
    const signedIn = await chancery('login', { answers: [tenant.owner.email, PASSWORD] });
    expect(signedIn).toMatchObject({
      code: 0,
      output: '',
      errors: `Signed in to ${server.url} as ${tenant.owner.email}.\n`,
    });
    expect(asked.map(([, hidden]) => hidden)).toEqual([false, true]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(PASSWORD);
    expect((await chancery('whoami')).output).toMatch(/^email +owner@fleet\.test$/m);
    expect((await chancery('whoami')).output).toMatch(/^tenants +fleet \(owner\)$/m);
    const refreshToken = (JSON.parse(readFileSync(file, 'utf8')) as { servers: Shape }).servers[server.url]![
      'session'
    ]!['refreshToken'];
    expect(await chancery('logout')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).not.toContain(refreshToken);
    expect((await server.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
    expect(await chancery('whoami')).toMatchObject({ code: 3 });
  });

  it('an account with a second factor is asked for it', async () => {
    const email = 'factor@fleet.test';
    await joinTenant(server, await present(), { email, role: 'auditor' });
    const { recoveryCodes } = await enrolTotp(server, await server.login(email, PASSWORD));
    const { chancery, asked } = person();
    const wrong = await chancery(`login --email ${email}`, { answers: [PASSWORD, '000000'] });
    expect(wrong).toMatchObject({ code: 3, errors: expect.stringMatching(/^INVALID_CREDENTIALS: /) });
    const right = await chancery(`login --email ${email}`, { answers: [PASSWORD, recoveryCodes[0]!] });
    expect(right).toMatchObject({ code: 0 });
    expect(asked.at(-1)).toEqual(['Code of your app, or a recovery code: ', true]);
    expect((await chancery('whoami')).output).toContain(email);
  });

  it('a person signs in at an identity provider, in the browser', async () => {
    const provider = await startRealProvider();
    onTestFinished(provider.close);
    const owner = await present();
    await createProvider(server, owner, provider.issuer, { name: 'Acme' });
    provider.person = newcomer();
    await joinTenant(server, owner, { email: provider.person['email'] as string, role: 'auditor' });
    const { chancery, withBrowser } = person();
    const browser = provider.browser();
    let page = '';
    const visit = async (url: string): Promise<void> => {
      const redirectUri = new URL(url).searchParams.get('redirect_uri')!;
      const parameters = new URLSearchParams(await browser(url));
      expect((await fetch(`${redirectUri.replace('/callback', '/other')}?state=x`)).status).toBe(404);
      page = await (await fetch(`${redirectUri}?${parameters.toString()}`)).text();
    };
    withBrowser((url) => void visit(url));
    const unclear = await chancery('login --provider Other --tenant fleet');
    expect(unclear).toMatchObject({ code: 1, errors: expect.stringContaining('offered: Acme') });
    const signedIn = await chancery('login --provider --tenant fleet');
    expect(signedIn.errors).toContain(`Signed in to ${server.url} as ${String(provider.person['email'])}.`);
    expect([signedIn.code, page]).toEqual([0, expect.stringMatching(/^Signed in\./)]);
    expect((await chancery('whoami')).output).toContain('fleet (auditor)');
    withBrowser((url) => {
      const redirectUri = new URL(url).searchParams.get('redirect_uri')!;
      void fetch(`${redirectUri}?state=made-up&code=made-up`);
    });
    const forged = await chancery('login --provider --tenant fleet');
    expect(forged.code).toBeGreaterThan(0);
    expect(forged.errors).toMatch(/^(SIGN_IN_EXPIRED|IDENTITY_REJECTED|INVALID_CREDENTIALS): /m);
  });

  it('an account with a passkey uses it in the browser, on a page of the host that it belongs to', async () => {
    const email = 'passkey@fleet.test';
    await joinTenant(server, await present(), { email, role: 'auditor' });
    const { device } = await enrolPasskey(server, await server.login(email, PASSWORD));
    const { chancery, withBrowser } = person();
    const statuses: number[] = [];
    withBrowser((address) => void visit(address));
    const visit = async (address: string): Promise<void> => {
      const page = new URL(address);
      expect([page.origin, page.pathname]).toEqual([pageOf(server), '/console/sign-in/passkey']);
      const request = passkeyRequestIn(page.hash)!;
      const answer = request.answerUrl(device.get(request.options as Shape));
      // Others who reach the port do not know the state.
      for (const url of [answer.replace(/state=[^&]+/, 'state=made-up'), answer])
        statuses.push((await fetch(url)).status);
    };
    expect(await chancery(`login --passkey --email ${email}`, { answers: [PASSWORD] })).toMatchObject({ code: 0 });
    expect(statuses).toEqual([404, 200]);
    expect((await chancery('whoami')).output).toContain(email);
    const strange = createAuthenticator(pageOf(server));
    withBrowser((address) => {
      const request = passkeyRequestIn(new URL(address).hash)!;
      void fetch(request.answerUrl(strange.get(request.options as Shape)));
    });
    const refused = await chancery(`login --passkey --email ${email}`, { answers: [PASSWORD] });
    expect(refused).toMatchObject({ code: 3, errors: expect.stringMatching(/^INVALID_CREDENTIALS: /m) });
  });

  it('commands at the same time renew a session once: none of them ends it', async () => {
    const { chancery, file, stored } = await owner();
    const before = stored();
    const expired = structuredClone(before) as unknown as {
      servers: Record<string, { session: Record<string, number> }>;
    };
    expired.servers[server.url]!.session['accessTokenExpiresAt'] = 0;
    writeFileSync(file, JSON.stringify(expired));
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => chancery('whoami')));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    const token = (contents: typeof before) => contents.servers[server.url]!.session['refreshToken'];
    expect(token(stored())).not.toBe(token(before));
    expect(await chancery('whoami')).toMatchObject({ code: 0 });
  });

  it('a file that others can read is not used', async () => {
    const { chancery, file } = await owner();
    chmodSync(file, 0o644);
    expect(await chancery('whoami')).toMatchObject({ code: 1, errors: expect.stringContaining('chmod 600') });
  });

  it('an API token or a service key is read from the standard input, checked and kept', async () => {
    const { serviceKey } = await createService(server, await present());
    const { chancery } = person();
    const changed = `${serviceKey.slice(0, -1)}${serviceKey.endsWith('x') ? 'y' : 'x'}`;
    const wrong = await chancery('login --with-token', { answers: [changed] });
    expect(wrong).toMatchObject({ code: 3 });
    expect(await chancery('login --with-token', { answers: [serviceKey] })).toMatchObject({ code: 0 });
    expect((await chancery('whoami')).output).toMatch(/^service +service-/m);
    const { token } = await createApiToken(server, tenant, ['tenant:read', 'services:read'], {
      call: await ownerCall(),
    });
    expect(await chancery('login --with-token', { answers: [token] })).toMatchObject({ code: 1 });
    expect(await chancery('login --with-token --tenant fleet', { answers: [token] })).toMatchObject({ code: 0 });
    expect(await chancery('services list')).toMatchObject({ code: 0, output: expect.stringMatching(/^NAME +ID/) });
  });
});

describe('services and credentials', () => {
  it('a service is created, found by its name, shown and deleted; its secrets go where it was said', async () => {
    const { chancery, json } = await owner();
    expect(await chancery('services create billing')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('--secrets-to'),
    });
    expect(await json<Shape[]>('services list --name billing')).toEqual([]);
    const secrets = join(folder, 'secrets.json');
    const created = await chancery(`services create billing --profile * --allow 127.0.0.0/8 --secrets-to ${secrets}`);
    expect(created).toMatchObject({ code: 0, output: expect.stringMatching(/^allowedCidrs +127\.0\.0\.0\/8$/m) });
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    const { serviceId, serviceKey, jwtSecret } = JSON.parse(readFileSync(secrets, 'utf8')) as Record<string, string>;
    for (const secret of [serviceKey!, jwtSecret!]) expect(created.output + created.errors).not.toContain(secret);
    expect((await server.get('/v1/whoami', { serviceKey })).body['service']!['id']).toBe(serviceId);
    const again = await chancery(`services create other --secrets-to ${secrets}`);
    expect(again).toMatchObject({ code: 1, errors: expect.stringContaining('exists already') });
    expect(await json<Shape[]>('services list --name other')).toEqual([]);
    const taken = await chancery(`services create billing --secrets-to ${secrets}.2`);
    expect(taken).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^SERVICE_NAME_TAKEN: .* \(request [\w-]+\)\n$/),
    });
    expect(() => statSync(`${secrets}.2`)).toThrow('ENOENT');
    const shown = await json('services show billing');
    expect(shown).toEqual(await json(`services show ${serviceId}`));
    const listed = await chancery('credentials list --service billing --auth-type service_key');
    expect(listed.output).toMatch(
      /^ID +SERVICE +TYPE +STATE +SECRET +EXPIRES +LAST USED\n.* service_key +active +csk_\S+ +- +\S+\n$/,
    );
    expect(await chancery('services delete billing', { answers: ['not the password'] })).toMatchObject({ code: 1 });
    expect(await chancery('services delete billing', { answers: [PASSWORD] })).toMatchObject({ code: 0 });
    expect(await chancery('services show billing')).toMatchObject({
      code: 1,
      errors: 'NOT_FOUND: nothing is called "billing"\n',
    });
  });

  it('a credential is created, revealed, replaced, discarded and accepted again', async () => {
    const { chancery, json } = await owner();
    await chancery('services create rotating --show-secrets');
    const created = await json(
      'credentials create --service rotating --auth-type service_key --name autumn --show-secrets',
    );
    expect(created['secret']).toMatch(/^csk_/);
    const of = `${created['id']!} --service rotating`;
    expect(await chancery(`credentials reveal ${of}`)).toMatchObject({ code: 0, output: `${created['secret']!}\n` });
    expect((await chancery(`credentials show ${of}`)).output).not.toContain(created['secret']);
    const discarded = await json(`credentials discard ${of}`);
    expect(discarded['state']).toBe('inactive');
    const again = await chancery(`credentials discard ${of}`);
    expect(again).toMatchObject({ code: 1, errors: expect.stringMatching(/^WRONG_STATE: /) });
    expect((await json(`credentials reactivate ${of}`))['state']).toBe('active');
    const compromised = await chancery(`credentials compromise ${of} --reason leaked`);
    expect(compromised).toMatchObject({ code: 0, output: expect.stringMatching(/^state +compromised$/m) });
    const [left] = await json<Shape[]>('credentials list --service rotating --auth-type service_key --state active');
    const replaced = `credentials regenerate ${left!['id']!} --service rotating --overlap 60`;
    expect(await chancery(replaced)).toMatchObject({ code: 1, errors: expect.stringContaining('--show-secrets') });
    const successor = await json(`${replaced} --show-secrets`);
    expect(successor).toMatchObject({ replaces: left!['id'], secret: expect.stringMatching(/^csk_/) });
  });

  /** The result of a command that waits for what the scheduler does. */
  async function withScheduler<Result>(command: Promise<Result>): Promise<Result> {
    const waiting = new AbortController();
    const result = command.finally(() => waiting.abort());
    while (!waiting.signal.aborted) {
      await server.runScheduler();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return result;
  }

  it('all selected credentials are rotated by one command, which waits and tells what was rejected', async () => {
    const { chancery, json } = await owner();
    await chancery('services create first --show-secrets');
    await chancery('services create second --show-secrets');
    expect(await chancery('credentials rotate')).toMatchObject({ code: 1, errors: expect.stringContaining('--all') });
    expect(await json('credentials rotate --service first --dry-run')).toMatchObject({ allowed: true });
    const first = await withScheduler(json('credentials rotate --service first'));
    expect(first).toMatchObject({ state: 'completed', total: 2, rotated: 2, rejected: 0, rejections: [] });
    // The discarded ones of the first rotation are in the way.
    const again = await withScheduler(chancery('credentials rotate --service first --auth-type jwt'));
    expect(again).toMatchObject({ code: 1, output: expect.stringMatching(/^\S+ +\S+ +INACTIVE_CREDENTIAL_EXISTS$/m) });
    const deleting = 'credentials rotate --service first --auth-type jwt --delete-inactive';
    expect(await withScheduler(chancery(deleting, { answers: [PASSWORD] }))).toMatchObject({ code: 0 });
    const started = await json('credentials rotate --service second --no-wait');
    expect(started).toMatchObject({ state: 'running', total: 2, rotated: 0 });
  });
});

describe('keys, certificates, tokens and the history', () => {
  it('a key is created, found by its name and rotated, and names its users', async () => {
    const { chancery, json } = await owner();
    expect(await chancery('keys create signing --algorithm ES256')).toMatchObject({ code: 0 });
    expect(await json<Shape[]>('keys list --name signing --algorithm ES256')).toHaveLength(1);
    expect(await chancery('keys create other --algorithm none')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('choices'),
    });
    expect(await chancery('keys rotate signing')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^2 +\S+ +pending/m),
    });
    expect((await chancery('keys show signing')).output).toMatch(/^1 +\S+ +active/m);
    const profile = await createProfile(server, await present(), {
      keyId: (await json('keys show signing'))['id']!,
    });
    const { serviceKey } = await createService(server, await present());
    const service = person({ CHANCERY_TOKEN: serviceKey });
    expect(await service.chancery(`sign ${profile}`)).toMatchObject({ code: 0 });
    await server.server.app.get(KeyUsage).flush();
    const users = await chancery('keys users signing');
    expect(users.output).toMatch(new RegExp(`^service-\\d+ +${profile} +\\S+ +1 +\\S+$`, 'm'));
    expect(await chancery('token-profiles list')).toMatchObject({ code: 0, output: expect.stringContaining(profile) });
  });

  it('a certificate is issued for a request, shown and revoked', async () => {
    const { chancery, json } = await owner();
    const { name } = await createAuthority(server, await present());
    const csr = join(folder, 'request.pem');
    writeFileSync(csr, csrPem());
    const issued = await chancery(['certificates', 'issue', '--csr', csr, '--authority', name!, '--days', '30']);
    expect(issued).toMatchObject({ code: 0, output: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/) });
    const kid = /kid (\S+),/.exec(issued.errors)![1]!;
    expect((await json('certificates issue --csr -', { input: csrPem() }))['kid']).toMatch(/^[\w-]{36}$/);
    expect((await chancery(`certificates show ${kid} --pem`)).output).toBe(
      issued.output.slice(0, issued.output.indexOf('-----END') + 26),
    );
    expect(await chancery(`certificates revoke ${kid} --reason superseded`)).toMatchObject({ code: 0 });
    expect((await json<Shape[]>('certificates list --state revoked')).map((item) => item['kid'])).toEqual([kid]);
    expect(await chancery('certificates issue --csr /nowhere')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('ENOENT'),
    });
  });

  it('a token is signed and verified with a service key; one that is not valid ends with 2', async () => {
    const as = await present();
    const { keyId } = await createKey(server, as, 'ES256');
    const profile = await createProfile(server, as, {
      keyId,
      audience: ['https://api.example'],
      allowedClaims: ['scope', 'level'],
    });
    const { chancery } = person({ CHANCERY_TOKEN: (await createService(server, as)).serviceKey });
    const signed = await chancery([
      'sign',
      profile,
      '--subject',
      'a',
      '--claim',
      'scope=read',
      '--claim',
      'level=3',
      '--ttl',
      '60',
    ]);
    expect(signed).toMatchObject({ code: 0, errors: '' });
    const verified = await chancery(`verify ${profile} --json`, { input: signed.output });
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.output)).toMatchObject({ valid: true, claims: { sub: 'a', scope: 'read', level: 3 } });
    const changed = await chancery(`verify ${profile}`, { input: `${signed.output.trim().slice(0, -4)}AAAA` });
    expect(changed).toMatchObject({ code: 2, output: expect.stringMatching(/^code +INVALID_SIGNATURE$/m) });
    const whole = await chancery(`sign ${profile} --input - --json`, { input: '{"subject":"b"}' });
    expect(JSON.parse(whole.output)).toMatchObject({ format: 'jwt' });
    expect(await chancery(`sign ${profile} --input -`, { input: '[]' })).toMatchObject({ code: 1 });
    expect(await (await owner()).chancery(`sign ${profile}`)).toMatchObject({
      code: 3,
      errors: expect.stringContaining('service key'),
    });
  });

  it('the history is listed page after page, filtered and shown', async () => {
    const { chancery, json } = await owner();
    const some = await chancery('audit list --limit 2');
    expect(some.output.trimEnd().split('\n')).toHaveLength(3);
    expect(some.errors).toContain('--all');
    const all = await json<Shape[]>('audit list --all --action service.created --outcome success');
    expect(all.length).toBeGreaterThan(1);
    const [newest] = all;
    expect(await json(`audit show ${newest!['sequence']!}`)).toEqual(newest);
  });
});

describe('scripts', () => {
  it('automation works with a token of the environment, and no file', async () => {
    const { chancery, json } = await automation('services:read', 'services:write');
    expect(await json<Shape[]>('services list')).toBeInstanceOf(Array);
    expect(await chancery('keys list')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^FORBIDDEN: .*\(request .*\)\n$/),
    });
    const invalid = await chancery(['services', 'create', 'x'.repeat(101), '--show-secrets']);
    expect(invalid).toMatchObject({ code: 1, errors: expect.stringMatching(/^VALIDATION_ERROR: name: [^\n]+\n$/) });
  });

  it('a script tells by the exit code whether it has to sign in or the server is away', async () => {
    const { chancery } = person({ CHANCERY_TENANT: 'fleet' });
    const rejected = await chancery('services list', { more: { CHANCERY_TOKEN: 'chat_none' } });
    expect(rejected).toMatchObject({ code: 3, errors: expect.stringMatching(/^INVALID_CREDENTIALS: /) });
    const away = await chancery('services list', {
      more: { CHANCERY_TOKEN: 'chat_none', CHANCERY_URL: 'http://127.0.0.1:9' },
    });
    expect(away).toMatchObject({ code: 4, errors: expect.stringMatching(/^UNREACHABLE: /) });
    expect(
      await chancery('services list --unused-since yesterday', { more: { CHANCERY_TOKEN: 'chat_none' } }),
    ).toMatchObject({ code: 3 });
  });

  it.each([
    ['chat_two\nlines', 'has characters that no token has'],
    ['csk_with a blank', 'has characters that no token has'],
    ['csk_\u201cquoted\u201d', 'has characters that no token has'],
    [' ', 'is empty'],
  ])('what cannot be a token in the environment is rejected and not repeated: %j', async (token, why) => {
    const { chancery } = person({ CHANCERY_TENANT: 'fleet' });
    const line = `CHANCERY_TOKEN ${why}: an API token or a service key is expected\n`;
    expect(await chancery('services list', { more: { CHANCERY_TOKEN: token } })).toEqual({
      code: 3,
      output: '',
      errors: line,
    });
  });

  it('credentials go over http to the machine itself only without a warning', async () => {
    const { chancery } = person({
      CHANCERY_TOKEN: 'chat_none',
      CHANCERY_TENANT: 'fleet',
      CHANCERY_URL: 'http://chancery.invalid',
    });
    expect(await chancery('services list')).toMatchObject({
      code: 4,
      errors: expect.stringMatching(/^Warning: .* without encryption/),
    });
  });
});
