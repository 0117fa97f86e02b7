// `npm run bench:backup -- [--events n]`: what a backup, its restoration and the verification of a long history take. See bench/README.md.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { NestFactory } from '@nestjs/core';

import { Checkpoints } from '#audit';
import { type EventDraft, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import { Database } from '#database';
import { Installation, InstallationModule, loadConfiguration } from '#installation';
import { createLogger } from '#logging';
import { hostTime } from '#scheduler';
import { Tenants } from '#tenants';

import { createBenchDatabase } from './harness/database.ts';

const CLI = join(import.meta.dirname, '../dist/apps/cli/src/main.js');
const EVENTS_PER_TRANSACTION = 2_000;
const EVENTS_PER_CHECKPOINT = 100_000;
const SERVICES = Array.from({ length: 50 }, (_, place) => uuidv7(1 + place));
const MEBIBYTE = 2 ** 20;
/** A command says at its end what it used: on a machine with other work, the time that passes means little. */
const SAYS_WHAT_IT_USED = `data:text/javascript,process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stderr.write('\\nused ' + JSON.stringify({ processorSeconds: (userCPUTime + systemCPUTime) / 1e6, mebibytes: maxRSS / 1024 }));
})`;

type Environment = Readonly<Record<string, string>>;

/** The event of a token, as large as the server's own. */
function issued(tenantId: string, at: number): EventDraft {
  const tokenId = uuidv7(at);
  const details = { profile: 'partner-orders', format: 'jwt', expiresAt: '2026-01-01T00:05:00.000Z' };
  const credentialId = SERVICES[at % SERVICES.length]!;
  const kid = 'qL5vR7mF2nB8xT1c';
  return {
    action: 'token.issued',
    targetType: 'token',
    targetId: tokenId,
    outcome: 'success',
    tenantId,
    kid,
    tokenId,
    credentialId,
    details,
  };
}

/** Records events as the server does, with their hashes, sealed parts and checkpoints. @returns the tenant */
async function record(environment: Environment, count: number): Promise<string> {
  const { configuration } = loadConfiguration(environment);
  const logger = createLogger('warn', process.stderr);
  const module = InstallationModule.forRoot({ configuration, logger, time: hostTime() });
  const context = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  try {
    await context.get(Installation).open();
    const system = platformScope(systemOrigin('bench'));
    const tenant = await context.get(Tenants).create(system, { slug: 'bench', name: 'Bench' });
    const [database, checkpoints] = [context.get(Database), context.get(Checkpoints)];
    for (let recorded = 0; recorded < count;) {
      const now = Math.min(EVENTS_PER_TRANSACTION, count - recorded);
      const origin = { ...systemOrigin('bench'), requestId: uuidv7(recorded), sourceAddress: '203.0.113.7' };
      const scope = platformScope(origin);
      await database.platform(scope, async (tx) => {
        for (let place = 0; place < now; place += 1) tx.record(issued(tenant.id, recorded + place));
      });
      recorded += now;
      if (recorded % EVENTS_PER_CHECKPOINT === 0 || recorded === count) {
        const failed = await checkpoints.publishDue();
        if (failed.length > 0) throw failed[0]!.error;
        process.stderr.write(`${recorded} events are recorded\n`);
      }
    }
    return tenant.id;
  } finally {
    await context.close();
  }
}

interface Used {
  readonly processorSeconds: number;
  /** Of memory, at most. */
  readonly mebibytes: number;
}

interface Took extends Used {
  readonly seconds: number;
}

/** Runs a command of the product. @returns what it printed, and what it took. @throws Error where it does not end with 0 */
async function run(environment: Environment, ...command: string[]): Promise<{ readonly output: string } & Took> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', SAYS_WHAT_IT_USED, CLI, ...command], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`chancery ${command.join(' ')} ended with ${code}:\n${said.stdout}${said.stderr}`);
  const used = JSON.parse(said.stderr.split('\nused ').at(-1)!) as Used;
  const seconds = (performance.now() - started) / 1_000;
  process.stderr.write(`chancery ${command[0]!} took ${seconds.toFixed(0)} s\n`);
  return { output: said.stdout, seconds, ...used };
}

/** The last checkpoint of a history in the file that is kept outside of the database. */
async function keptCheckpoint(file: string, tenantId: string): Promise<string> {
  const notes = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string);
  const note = notes.findLast((kept) => kept.split('\n')[0]!.endsWith(`/${tenantId}`));
  if (note === undefined) throw new Error('No checkpoint of the history was kept');
  return note;
}

const { values: options } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const count = Number(options.events);
if (!(count >= 1)) throw new Error('--events takes a number from 1 on');

const serverUrl = process.env.BENCH_DATABASE_URL || undefined;
const [source, target] = [await createBenchDatabase(serverUrl), await createBenchDatabase(serverUrl)];
const folder = await mkdtemp(join(tmpdir(), 'chancery-bench-backup-'));
try {
  const kept = join(folder, 'checkpoints.ndjson');
  const environment = {
    CHANCERY_MASTER_KEY: randomBytes(32).toString('base64'),
    CHANCERY_CHECKPOINT_FILE: kept,
    CHANCERY_PUBLIC_URL: 'https://bench.example',
    LOG_LEVEL: 'warn',
  };
  const [from, to] = [source, target].map(({ url }) => ({ ...environment, DATABASE_URL: url }));
  const rows: [step: string, took: Took][] = [];
  const started = performance.now();
  const tenantId = await record(from!, count);
  process.stderr.write(`recorded in ${((performance.now() - started) / 1_000).toFixed(0)} s\n`);
  const checkpoint = join(folder, 'kept.checkpoint');
  await writeFile(checkpoint, await keptCheckpoint(kept, tenantId));

  const backup = join(folder, 'backup');
  rows.push(['chancery backup', await run(from!, 'backup', '--to', backup)]);
  const { size } = await stat(join(backup, 'rows.ndjson.gz'));
  const restored = await run(to!, 'restore', '--from', backup);
  rows.push(['chancery restore, with every event hashed again', restored]);
  const history = join(folder, 'history.ndjson');
  rows.push(['chancery audit export', await run(to!, 'audit', 'export', '--tenant', tenantId, '--out', history)]);
  const verified = await run(to!, 'audit', 'verify', '--export', history, '--since', checkpoint);
  rows.push(['chancery audit verify, against the checkpoint that was kept', verified]);

  process.stdout.write(`${restored.output}${verified.output}\n`);
  process.stdout.write(`${count} events, ${source.title}, ${availableParallelism()} processors, `);
  process.stdout.write(`load ${loadavg()[0]!.toFixed(1)}, backup of ${(size / MEBIBYTE).toFixed(0)} MiB\n\n`);
  process.stdout.write('| step | seconds | of a processor | MiB of memory |\n| --- | --- | --- | --- |\n');
  for (const [step, { seconds, processorSeconds, mebibytes }] of rows) {
    process.stdout.write(
      `| ${step} | ${seconds.toFixed(0)} | ${processorSeconds.toFixed(0)} | ${mebibytes.toFixed(0)} |\n`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
  await Promise.all([source.drop(), target.drop()]);
}
