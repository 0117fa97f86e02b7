// The main job end to end, against a server of its own that is gone afterwards. Each step prints the call that it makes.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { at, run } from './project.mjs';

const folder = mkdtempSync(join(tmpdir(), 'chancery-demo-'));
const ADMIN = { email: 'admin@localhost', password: randomBytes(12).toString('base64url') };
const OWNER = { email: 'olivia@acme.example', name: 'Olivia Owner', password: randomBytes(12).toString('base64url') };
const START_SECONDS = 30;

let address;
let step = 0;

const say = (text) => process.stdout.write(`${text}\n`);

function explain(title, why) {
  step += 1;
  say(`\n\u001b[1m${step}. ${title}\u001b[0m`);
  say(`   ${why}`);
}

/** Shows what was sent and what came back, with what is secret cut short. */
async function call(method, path, body, headers = {}) {
  const shown = Object.entries(headers).map(([name, value]) => ` -H '${name}: ${abbreviate(value)}'`);
  say(
    `   $ curl -X ${method} $CHANCERY${path}${shown.join('')}${body ? ` -d '${abbreviate(JSON.stringify(body))}'` : ''}`,
  );
  const answer = await fetch(address + path, {
    method,
    headers: { ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  const json = text === '' ? undefined : JSON.parse(text);
  say(`   < ${answer.status} ${abbreviate(JSON.stringify(json) ?? '', 220)}`);
  if (!answer.ok) throw new Error(`${method} ${path} was refused`);
  return json;
}

function abbreviate(text, length = 110) {
  const masked = text
    .replaceAll(/csk_[0-9A-Za-z]+/g, (key) => `${key.slice(0, 10)}…`)
    .replaceAll(/("(?:password|secret)":")[^"]+/g, '$1…')
    .replaceAll(/(eyJ[\w-]{8})[\w.-]+/g, '$1…');
  return masked.length > length ? `${masked.slice(0, length)}…` : masked;
}

async function startServer() {
  const server = spawn(process.execPath, [at('dist/apps/server/src/main.js')], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      DATABASE_URL: `sqlite:${join(folder, 'chancery.db')}`,
      CHANCERY_MASTER_KEY: randomBytes(32).toString('base64'),
      CHANCERY_ADMIN_EMAIL: ADMIN.email,
      CHANCERY_ADMIN_PASSWORD: ADMIN.password,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  server.stdout.on('data', (chunk) => (output += chunk));
  for (let waited = 0; waited < START_SECONDS * 10 && server.exitCode === null; waited += 1) {
    address = /listens on (http:\S+)/.exec(output)?.[1];
    if (address) return server;
    await delay(100);
  }
  server.kill();
  throw new Error(`The server did not start: ${output}`);
}

await run(async () => {
  say('Chancery, from an empty database to a verified token.');
  const server = await startServer();
  try {
    say(`A throw-away server listens on ${address}; below it is called $CHANCERY.`);

    explain(
      'The platform administrator logs in',
      'The first start made this account. It creates tenants and sees none of their secrets.',
    );
    const platform = await call('POST', '/v1/auth/login', ADMIN);
    const asAdmin = { Authorization: `Bearer ${platform.accessToken}` };

    explain(
      'A tenant, with its owner',
      'Everything below belongs to one tenant, and no other tenant can tell that it exists.',
    );
    const tenant = await call('POST', '/v1/tenants', { slug: 'acme', name: 'Acme Ltd', owner: OWNER }, asAdmin);
    const base = `/v1/tenants/${tenant.slug}`;

    explain('The owner logs in', 'From here on the platform administrator is not needed.');
    const session = await call('POST', '/v1/auth/login', { email: OWNER.email, password: OWNER.password });
    const asOwner = { Authorization: `Bearer ${session.accessToken}` };

    explain('A signing key', 'It is made on the server, sealed with the tenant’s own key, and never leaves it.');
    const key = await call('POST', `${base}/keys`, { name: 'partner-signing', algorithm: 'ES256' }, asOwner);

    explain('A token profile', 'Services sign by profile: it fixes key, lifetime and the claims that they may set.');
    const profile = {
      name: 'partner-api',
      format: 'jwt',
      keyId: key.id,
      audience: ['https://api.partner.example'],
      ttlSeconds: 300,
      allowedClaims: ['scope'],
    };
    await call('POST', `${base}/token-profiles`, profile, asOwner);

    explain('A service', 'It gets a service key and a JWT credential; their secrets are in this one answer.');
    const created = await call('POST', `${base}/services`, { name: 'billing', profiles: ['partner-api'] }, asOwner);
    const asService = { 'X-Service-Key': created.serviceKey.secret };

    explain('The service asks for a token', 'The event is in the history before the token leaves the server.');
    const issued = await call(
      'POST',
      '/v1/sign/partner-api',
      { subject: 'invoice-42', claims: { scope: 'invoices:write' } },
      asService,
    );

    explain('The partner verifies it', 'With an independent library (jose) and nothing but the public JWKS.');
    const jwks = createRemoteJWKSet(new URL(`${address}${base}/.well-known/jwks.json`));
    say(
      `   > jwtVerify(token, createRemoteJWKSet('$CHANCERY${base}/.well-known/jwks.json'), { audience: '${profile.audience[0]}' })`,
    );
    const { payload, protectedHeader } = await jwtVerify(issued.token, jwks, { audience: profile.audience[0] });
    say(`   < header ${JSON.stringify(protectedHeader)}`);
    say(`   < claims ${JSON.stringify(payload)}`);

    explain(
      'What the history says',
      'Every step above, newest first; an auditor reads this, and no user can change it.',
    );
    const history = await call('GET', `${base}/audit-events?limit=20`, undefined, asOwner);
    for (const event of history.items) {
      say(
        `     ${event.occurredAt}  ${event.action.padEnd(24)} ${event.outcome.padEnd(8)} by ${event.actor.type} ${event.actor.name}`,
      );
    }
    say('\nThat was the whole job. `npm start` runs a server that stays; $CHANCERY/docs is its API reference.');
  } finally {
    server.kill('SIGTERM');
    await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve()));
    rmSync(folder, { recursive: true, force: true });
  }
});
