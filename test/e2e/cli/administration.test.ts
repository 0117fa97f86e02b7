// Members, API tokens, trusts, keys, webhooks and identity providers by the command line, as an owner uses it.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exportPKCS8, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run } from '../../../apps/cli/src/program.js';
import { Deliveries } from '#announcements';
import { ManualClock, SECOND } from '#core';
import { enrolTotp } from '../../support/factors.js';
import { startScriptedProvider } from '../../support/identity-provider.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { REACHABLE } from '../admin/company.js';
import { createService } from '../signing/issuer.js';

const clock = new ManualClock();
const HERE = { CHANCERY_WEBHOOK_NETWORKS: '127.0.0.0/8', CHANCERY_WEBHOOK_PLAIN_HTTP: 'true' };

let server: TestServer;
let tenant: TestTenant;
let folder: string;
beforeAll(async () => {
  server = await startTestServer({ clock, environment: { ...REACHABLE, ...HERE } });
  tenant = await createTenant(server, 'office');
  folder = mkdtempSync(join(tmpdir(), 'chancery-administration-'));
  expect(await chancery(`login --email ${tenant.owner.email}`, PASSWORD)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command of the owner, who answers questions in this order. */
const chancery = (line: string, ...answers: string[]) => commandOf({ XDG_CONFIG_HOME: folder }, line, ...answers);

/** Runs a command of the one whose credentials the environment has. */
async function commandOf(environment: Readonly<Record<string, string>>, line: string, ...answers: string[]) {
  const written = { output: '', errors: '' };
  const code = await run(line.split(' '), {
    environment: { ...environment, CHANCERY_URL: server.url },
    write: (text) => (written.output += text),
    fail: (text) => (written.errors += text),
    ...(answers.length === 0 ? {} : { ask: async () => answers.shift()! }),
  });
  return { code, ...written };
}
async function json(line: string, ...answers: string[]): Promise<Shape> {
  const { code, output, errors } = await chancery(`${line} --json`, ...answers);
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${errors}`);
  return JSON.parse(output) as Shape;
}
const inFolder = (name: string): string => join(folder, name);
const whoami = async (token: string) => (await server.get(tenant.path, { token })).status;

describe('members by the command line', () => {
  it('members are invited, found by their address, given another role, and removed', async () => {
    const email = 'grace@office.test';
    expect(await chancery(`members invite ${email} --role auditor`)).toMatchObject({ code: 1 });
    const to = inFolder('invitation.json');
    const invited = await json(`members invite ${email} --role auditor --secrets-to ${to}`);
    expect(invited).toMatchObject({ email, role: 'auditor', state: 'pending' });
    expect(invited).not.toHaveProperty('token');
    const { token } = JSON.parse(readFileSync(to, 'utf8')) as { token: string };
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect((await chancery('invitations list')).output).toContain(email);
    await server.post('/v1/invitations/accept', { token, name: 'Grace', password: PASSWORD });
    expect((await chancery('members list')).output).toMatch(/grace@office\.test +Grace +auditor +no/);
    expect(await json(`members set-role ${email} --role limited_access`)).toMatchObject({ role: 'limited_access' });
    expect(await json('members show Grace@Office.test')).toMatchObject({ name: 'Grace', role: 'limited_access' });

    const session = await server.login(email, PASSWORD);
    expect(await chancery(`members end-sessions ${email}`)).toMatchObject({ code: 0 });
    expect(await whoami(session)).toBe(401);
    const started = await json(`members reset ${email} --show-secrets`, PASSWORD);
    expect(started['token']).toMatch(/^crst_/);
    expect(await chancery(`members reset ${email} --show-secrets`, 'wrong')).toMatchObject({ code: 1 });

    expect((await chancery(`members remove ${email}`)).errors).toBe(`${email} is no member any more.\n`);
    expect(await chancery(`members show ${email}`)).toMatchObject({
      code: 1,
      errors: `NOT_FOUND: "${email}" is no member\n`,
    });
  });

  it('invitations that were withdrawn cannot be accepted', async () => {
    const { id, token } = await json('members invite ada@office.test --role auditor --show-secrets');
    expect(await chancery(`invitations withdraw ${id}`)).toMatchObject({ code: 0 });
    const accepted = await server.post('/v1/invitations/accept', { token, name: 'Ada', password: PASSWORD });
    expect(accepted.status).toBe(410);
  });
});

describe('API tokens by the command line', () => {
  const expiry = '--expires-at 2026-06-01T00:00:00Z';

  it('an API token is created once with its secret, listed without, and revoked by its name', async () => {
    const to = inFolder('token.json');
    const create = `api-tokens create nightly --permission services:read --permission keys:read ${expiry}`;
    const created = await json(`${create} --secrets-to ${to}`, PASSWORD);
    expect(created).toMatchObject({ name: 'nightly', permissions: ['services:read', 'keys:read'], state: 'active' });
    const { token } = JSON.parse(readFileSync(to, 'utf8')) as { token: string };
    const services = `${tenant.path}/services`;
    expect((await server.get(services, { token })).status).toBe(200);
    const listed = (await chancery('api-tokens list')).output;
    expect(listed).toMatch(/^nightly +\S+ +active +user +services:read, keys:read/m);
    expect(listed).not.toContain(token);
    expect(await json('api-tokens show nightly')).toMatchObject({ id: created['id'] });
    expect((await chancery('api-tokens revoke nightly')).errors).toBe('The API token nightly is revoked.\n');
    expect((await server.get(services, { token })).status).toBe(401);
    expect(await chancery('api-tokens revoke nightly')).toMatchObject({ code: 1 });
    expect(await json(`api-tokens show ${created['id']}`)).toMatchObject({ state: 'revoked' });
  });

  it('an API token of a permission that does not exist is refused before a password is asked for', async () => {
    const refused = await chancery(`api-tokens create wide --permission everything ${expiry} --show-secrets`);
    expect(refused).toMatchObject({ code: 1, errors: expect.stringMatching(/^everything is no permission/) });
  });

  it('an API token of a service account works as the account, until that is deleted', async () => {
    expect(await json('service-accounts create deployment --role limited_access')).toMatchObject({
      name: 'deployment',
    });
    const create = `api-tokens create deploy --service-account deployment --permission services:read ${expiry}`;
    const { token, ownerType } = await json(`${create} --show-secrets`, PASSWORD);
    expect(ownerType).toBe('service_account');
    expect((await chancery('service-accounts list')).output).toMatch(/^deployment +\S+ +limited_access/m);
    expect((await server.get(`${tenant.path}/services`, { token })).status).toBe(200);
    expect(await chancery('service-accounts delete deployment')).toMatchObject({ code: 0 });
    expect((await server.get(`${tenant.path}/services`, { token })).status).toBe(401);
  });
});

describe('services and their workloads by the command line', () => {
  it('a service is changed in what is named, and in nothing else', async () => {
    await createService(server, tenant, ['*']);
    const { name } = (await json('services list'))[0] as unknown as Shape;
    const changed = await json(`services update ${name} --description invoices --allow 10.0.0.0/8`);
    expect(changed).toMatchObject({ description: 'invoices', allowedCidrs: ['10.0.0.0/8'], profiles: ['*'] });
    expect(await json(`services update ${name} --allow-all`)).toMatchObject({
      allowedCidrs: [],
      description: 'invoices',
    });
    expect(await chancery(`services update ${name}`)).toMatchObject({
      code: 1,
      errors: 'Nothing to change: give at least one option\n',
    });
  });

  it('a trust is created, found by its name, and deleted', async () => {
    const { id: service } = await createService(server, tenant);
    const issuer = '--issuer https://token.actions.githubusercontent.com --audience https://chancery.example';
    const rules = `${issuer} --subject repo:acme/shop:environment:* --claim repository_id=74 --single-use`;
    const created = await json(`trusts create ci --service ${service} ${rules}`);
    expect(created).toMatchObject({ name: 'ci', claims: { repository_id: '74' }, singleUse: true, ttlSeconds: 900 });
    expect((await chancery(`trusts list --service ${service}`)).output).toMatch(/^ci +/m);
    expect(await json(`trusts show ci --service ${service}`)).toMatchObject({ id: created['id'] });
    expect(await chancery(`trusts show none --service ${service}`)).toMatchObject({ code: 1 });
    expect(await chancery(`trusts delete ci --service ${service}`)).toMatchObject({ code: 0 });
    expect(await json(`trusts list --service ${service}`)).toEqual([]);
  });

  it('a credential that was discarded is deleted with the password', async () => {
    const { id: service } = await createService(server, tenant);
    await json(`credentials create --service ${service} --auth-type service_key --show-secrets`);
    const [{ id }] = (await json(`credentials list --service ${service} --auth-type service_key`)) as unknown as [
      Shape,
    ];
    await json(`credentials discard ${id} --service ${service}`);
    expect(await chancery(`credentials delete ${id} --service ${service}`, PASSWORD)).toMatchObject({ code: 0 });
    expect(await json(`credentials show ${id} --service ${service}`)).toMatchObject({ state: 'deleted' });
  });
});

describe('keys and what expires by the command line', () => {
  it('a key is imported from a file, or from an encrypted one with its passphrase', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    writeFileSync(inFolder('key.pem'), await exportPKCS8(privateKey));
    const imported = await json(`keys import ${inFolder('key.pem')} --name partner --algorithm ES256 --format pem`);
    expect(imported).toMatchObject({ name: 'partner', algorithm: 'ES256', exportable: false });
    expect(imported['kid']).toBeTypeOf('string');
    writeFileSync(inFolder('secret'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
    const shared = `keys import ${inFolder('secret')} --name shared --algorithm HS256 --format secret-base64`;
    expect(await json(shared)).toMatchObject({ algorithm: 'HS256' });
    const { createPrivateKey } = await import('node:crypto');
    const encrypted = createPrivateKey(await exportPKCS8(privateKey)).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'of the file',
    });
    writeFileSync(inFolder('encrypted.pem'), encrypted);
    const sealed = `keys import ${inFolder('encrypted.pem')} --name sealed --algorithm ES256 --format pem --encrypted`;
    expect(await chancery(sealed, 'another one')).toMatchObject({ code: 1 });
    expect(await chancery(sealed, 'of the file')).toMatchObject({ code: 0 });
    expect(await chancery('keys import /nowhere --name none --algorithm ES256 --format pem')).toMatchObject({
      code: 1,
    });
  });

  it('what expires is listed soonest first', async () => {
    await json(
      'api-tokens create short --permission keys:read --expires-at 2026-01-10T00:00:00Z --show-secrets',
      PASSWORD,
    );
    const { output } = await chancery('expirations list --before 2026-02-01');
    expect(output).toMatch(/^2026-01-10T00:00:00.000Z +expires +API token +short/m);
  });
});

describe('webhooks by the command line', () => {
  it('a webhook is created once with its secret, changed, paused and deleted by its name', async () => {
    const url = 'http://127.0.0.1:1/here';
    const to = inFolder('webhook.json');
    const create = `webhooks create alerts --to ${url} --action credential.* --action key.generated`;
    expect(await chancery(create)).toMatchObject({ code: 1 });
    const created = await json(`${create} --secrets-to ${to}`);
    expect(created).toMatchObject({ name: 'alerts', actions: ['credential.*', 'key.generated'], state: 'active' });
    const { secret } = JSON.parse(readFileSync(to, 'utf8')) as { secret: string };
    expect(secret).toMatch(/^whsec_/);
    const listed = (await chancery('webhooks list')).output;
    expect(listed).toMatch(/^alerts +\S+ +active +http/m);
    expect(listed).not.toContain(secret);
    expect(await json('webhooks update alerts --action *')).toMatchObject({ actions: ['*'], url });
    expect(await chancery('webhooks update alerts')).toMatchObject({
      code: 1,
      errors: 'Nothing to change: give at least one option\n',
    });
    expect(await json('webhooks disable alerts')).toMatchObject({ state: 'disabled' });
    expect(await json('webhooks enable alerts')).toMatchObject({ state: 'active' });
    const rotated = await json('webhooks rotate-secret alerts --overlap 60 --show-secrets');
    expect(rotated['secret']).not.toBe(secret);
    expect(rotated['previousSecretUntil']).toBeTypeOf('string');

    await createService(server, tenant);
    await server.server.app.get(Deliveries).deliverDue();
    const [delivery] = (await json('webhooks deliveries alerts --state pending')) as unknown as [Shape];
    expect(delivery).toMatchObject({ action: expect.any(String), state: 'pending' });
    const refused = await chancery(`webhooks redeliver alerts ${delivery['id']}`);
    expect([refused.code, refused.errors]).toEqual([1, expect.stringMatching(/^WRONG_STATE/)]);
    expect(await chancery('webhooks delete alerts')).toMatchObject({ errors: 'The webhook alerts is deleted.\n' });
    expect(await json('webhooks list')).toEqual([]);
  });
});

describe('identity providers by the command line', () => {
  it('an identity provider is created, tested, changed and deleted with the password', async () => {
    const issuer = await startScriptedProvider();
    const found = `--issuer ${issuer.issuer} --client-id chancery --client-secret-from ${inFolder('client-secret')}`;
    writeFileSync(inFolder('client-secret'), 'a client secret\n');
    const create = `identity-providers create Acme ${found} --role team=a=full_access --role *=auditor --domain office.test`;
    expect(await chancery(create.replace('*=auditor', '*=king'))).toMatchObject({ code: 1 });
    expect(await chancery(create, 'wrong')).toMatchObject({ code: 1 });
    expect(await json(create, PASSWORD)).toMatchObject({
      name: 'Acme',
      hasClientSecret: true,
      trustsEmails: false,
      roleMappings: [
        { group: 'team=a', role: 'full_access' },
        { group: '*', role: 'auditor' },
      ],
    });
    expect((await chancery('identity-providers list')).output).toMatch(/^Acme +\S+ +yes +http/m);
    const { redirectUri } = await json('identity-providers test Acme');
    expect(redirectUri).toContain('/console/sign-in/callback/');
    const narrowed = await json('identity-providers update Acme --trusts-emails --name Company', PASSWORD);
    expect(narrowed).toMatchObject({ name: 'Company', trustsEmails: true, emailDomains: ['office.test'] });
    expect(await json('identity-providers disable Company', PASSWORD)).toMatchObject({ enabled: false });
    expect(await json('identity-providers enable Company', PASSWORD)).toMatchObject({ enabled: true });
    expect(await chancery('identity-providers delete Company', PASSWORD)).toMatchObject({ code: 0 });
    expect(await json('identity-providers list')).toEqual([]);
    await issuer.close();
  });
});

describe('a fresh proof on the command line', () => {
  it('a fresh proof is the password, or the code of an app where the account has one; automation is asked nothing', async () => {
    const app = await enrolTotp(server, tenant.owner.token);
    clock.advance(30 * SECOND);
    const { id: service } = await createService(server, tenant);
    const create = 'identity-providers create Codes --issuer https://login.example --client-id chancery';
    expect(await chancery(create, PASSWORD)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^SECOND_FACTOR_REQUIRED.*the code of your app/),
    });
    expect(await json(create, app.code())).toMatchObject({ name: 'Codes' });

    clock.advance(30 * SECOND);
    const token = 'api-tokens create cleaner --permission services:write --permission services:read';
    const until = '--expires-at 2026-06-01T00:00:00Z --show-secrets';
    const able = await json(`${token} ${until} --step-up`, app.code());
    const unable = await json(`${token} ${until}`, PASSWORD);
    const by = (secret: string) => ({ CHANCERY_TOKEN: secret, CHANCERY_TENANT: tenant.slug });
    expect(await commandOf(by(unable['token']!), `services delete ${service}`)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^FORBIDDEN.*without `stepUp`/),
    });
    expect(await commandOf(by(able['token']!), `services delete ${service}`)).toMatchObject({ code: 0 });
  });
});
