import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { BenchTenant, Fixture } from '../harness/fixture.ts';
import type { BenchContext, Row, Scenario } from '../harness/scenario.ts';
import { repeat } from '../harness/scenario.ts';

const CLIENTS = 8;
const LOGINS = 5;
const ROUNDS = 2_000_000;
const PASSPHRASE = 'passphrase of the key file';
const LEAD_MILLISECONDS = 1_000;

interface Work {
  readonly name: string;
  /** The path below the tenant, and a body with a fresh name. */
  readonly resource: string;
  body(name: string): Record<string, unknown>;
}

/** Key files whose passphrase costs two million rounds of PBKDF2 or of the derivation of PKCS#12. */
function keyFiles(): { readonly pem: string; readonly pkcs12: string } {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-keys-'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const path = (name: string): string => join(folder, name);
  const openssl = (...parameters: string[]): void => {
    execFileSync('openssl', parameters, { stdio: 'pipe' });
  };
  const password = `pass:${PASSPHRASE}`;
  try {
    writeFileSync(path('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const rounds = String(ROUNDS);
    openssl(
      'pkcs8',
      '-topk8',
      '-v2',
      'aes-256-cbc',
      '-v2prf',
      'hmacWithSHA256',
      '-iter',
      rounds,
      '-passout',
      password,
      '-in',
      path('key.pem'),
      '-out',
      path('encrypted.pem'),
    );
    openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      path('key.pem'),
      '-subj',
      '/CN=bench',
      '-days',
      '1',
      '-out',
      path('certificate.pem'),
    );
    openssl(
      'pkcs12',
      '-export',
      '-inkey',
      path('key.pem'),
      '-in',
      path('certificate.pem'),
      '-iter',
      rounds,
      '-passout',
      password,
      '-out',
      path('key.p12'),
    );
    return {
      pem: readFileSync(path('encrypted.pem'), 'utf8'),
      pkcs12: readFileSync(path('key.p12')).toString('base64'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function works(): Work[] {
  const { pem, pkcs12 } = keyFiles();
  const imported = { algorithm: 'ES256', password: PASSPHRASE };
  return [
    {
      name: `${CLIENTS} RSA-4096 generators`,
      resource: 'keys',
      body: (name) => ({ name, algorithm: 'RS256', modulusBits: 4_096 }),
    },
    {
      name: `${CLIENTS} imports of ${ROUNDS.toLocaleString('en')} PBKDF2 rounds`,
      resource: 'keys/import',
      body: (name) => ({ name, format: 'pem', data: pem, ...imported }),
    },
    {
      name: `${CLIENTS} imports of PKCS#12 with ${ROUNDS.toLocaleString('en')} rounds`,
      resource: 'keys/import',
      body: (name) => ({ name, format: 'pkcs12', data: pkcs12, ...imported }),
    },
  ];
}

/** The median time of some sign-ins, one by one, in milliseconds. */
async function loginMilliseconds(fixture: Fixture, { owner }: BenchTenant): Promise<number> {
  const times = await repeat(LOGINS, async () => (await fixture.login(owner)).milliseconds);
  return times.sort((one, other) => one - other)[Math.floor(LOGINS / 2)]!;
}

let names = 0;

/** Asks for work without pause from several clients until it is told to stop; a client that is told to wait waits. */
function keepBusy(fixture: Fixture, tenant: BenchTenant, { resource, body }: Work) {
  const outcomes = { accepted: 0, rejected: 0, faults: [] as string[] };
  const stopping = new AbortController();
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      names += 1;
      const {
        status,
        retryAfterSeconds,
        body: answer,
      } = await fixture.tryAsOwner(tenant, 'POST', resource, body(`key-${names}`));
      if (status === 201) outcomes.accepted += 1;
      else if (status === 503 || status === 429) outcomes.rejected += 1;
      else outcomes.faults.push(`${status} ${JSON.stringify(answer)}`);
      if (status !== 201 && !stopping.signal.aborted) await delay(1_000 * Math.max(1, retryAfterSeconds));
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    stop: async (): Promise<typeof outcomes> => {
      stopping.abort();
      await clients;
      return outcomes;
    },
  };
}

async function measure({ fixture, repetitions }: BenchContext, work: Work): Promise<Row> {
  const [quiet, busy] = [await fixture.createTenant(), await fixture.createTenant()];
  const faults: string[] = [];
  const notes: string[] = [];
  const measured = await repeat(repetitions, async () => {
    const floor = await loginMilliseconds(fixture, quiet);
    const before = await eventsOf(fixture, busy);
    const busyness = keepBusy(fixture, busy, work);
    await delay(LEAD_MILLISECONDS);
    const value = await loginMilliseconds(fixture, quiet);
    const outcomes = await busyness.stop();
    const events = (await eventsOf(fixture, busy)) - before;
    faults.push(...outcomes.faults.slice(0, 3));
    if (events !== outcomes.accepted) faults.push(`${events} events for ${outcomes.accepted} keys`);
    notes.push(`${outcomes.accepted} keys, ${outcomes.rejected} rejected`);
    return { value, floor };
  });
  return {
    scenario: 'login-beside-keys',
    name: `sign-in beside ${work.name}`,
    unit: 'ms',
    comparedWith: 'without them',
    goal: { atMost: 3 },
    repetitions: measured,
    faults,
    notes,
  };
}

const eventsOf = async ({ database }: Fixture, { id }: BenchTenant): Promise<number> =>
  (await database.countEvents(id, 'key.generated')) + (await database.countEvents(id, 'key.imported'));

/** One tenant makes or imports expensive keys without pause; how long does a person of another one wait to sign in? */
export const loginBesideKeys: Scenario = {
  name: 'login-beside-keys',
  title: 'Sign-in beside expensive keys of another tenant',
  long: true,
  run: async (context) => {
    const rows: Row[] = [];
    for (const work of works()) rows.push(await measure(context, work));
    return rows;
  },
};
