import cluster, { type Worker } from 'node:cluster';

import 'reflect-metadata';

import { ConfigurationError } from '#config';
import { SECOND } from '#core';
import { type Configuration, loadConfiguration } from '#installation';
import { type Logger, createLogger } from '#logging';

import { type FirstAdmin, createServer } from './create-server.js';

/** SIGTERM comes from a supervisor, whose load balancer needs time; SIGINT from a person at the keyboard, who does not. */
type StopSignal = 'SIGTERM' | 'SIGINT';

/** What is used of the process: `main.ts` alone touches it. */
export interface Process {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly fail: (text: string) => void;
  readonly onStop: (stop: (signal: StopSignal) => void) => void;
  readonly exit: (code: number) => void;
}

/** What a signal does at the moment. */
interface Stopping {
  by: (signal: StopSignal) => void;
}

/** How a parent tells its workers to stop. */
interface StopMessage {
  readonly stop: StopSignal;
}

const STOP_WITHIN = 12 * SECOND;
/** A worker that keeps ending must not keep the machine busy. */
const WORKER_RESTART_AFTER = SECOND;

/** From an environment to a server that listens until it is told to stop. */
export async function start(process: Process): Promise<void> {
  // Until it serves there is nothing to finish, and what is half-done, such as a migration, continues with the next start. Without
  // this, the first process of a container would not even end.
  const signals: Stopping = { by: () => process.exit(0) };
  const { worker } = cluster;
  // Ctrl+C reaches every process of a terminal: a worker waits for the message of its parent.
  process.onStop((signal) => (worker && signal === 'SIGINT' ? undefined : signals.by(signal)));
  worker?.on('message', ({ stop }: StopMessage) => signals.by(stop));
  try {
    const { configuration, warnings } = loadConfiguration(process.environment);
    const logger = createLogger(configuration.logLevel);
    for (const warning of warnings) logger.warn(warning);
    if (cluster.isPrimary && configuration.workers > 1) await forkWorkers(process, signals, configuration, logger);
    else await serve(process, signals, configuration, logger);
  } catch (error) {
    const reason = error instanceof ConfigurationError ? error.message : `Chancery cannot start: ${reasonOf(error)}`;
    process.fail(`${reason}\n`);
    // The channel to its parent would keep a worker alive.
    cluster.worker?.disconnect();
  }
}

async function serve(process: Process, signals: Stopping, configuration: Configuration, logger: Logger): Promise<void> {
  const server = await createServer({ configuration, logger });
  const address = await server.listen().catch(async (error: unknown) => {
    // Open handles would keep the failed process running.
    await server.close();
    throw error;
  });
  let stopping = false;
  const stop = (signal: StopSignal): void => {
    // Asked twice, it ends immediately.
    if (stopping) return process.exit(1);
    stopping = true;
    const drainMilliseconds = signal === 'SIGTERM' ? configuration.drainSeconds * SECOND : 0;
    // Whatever hangs, the process ends in time for its supervisor.
    setTimeout(() => process.exit(1), drainMilliseconds + STOP_WITHIN).unref();
    server
      .drain(drainMilliseconds)
      .then(() => server.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error: reasonOf(error) }, 'The server did not stop cleanly');
          process.exit(1);
        },
      );
  };
  signals.by = stop;
  if (cluster.isPrimary)
    process.write(greeting(address, server.firstAdmin, server.installation.vault.sealed, configuration));
}

/** One process per worker shares the port; the embedded database has one writer and so one process. */
async function forkWorkers(
  process: Process,
  signals: Stopping,
  configuration: Configuration,
  logger: Logger,
): Promise<void> {
  const { databaseUrl, host, publicUrl, workers } = configuration;
  if (databaseUrl.reveal().startsWith('sqlite:')) {
    process.fail('WORKERS above 1 needs MySQL or MariaDB: the embedded SQLite database belongs to one process.\n');
    return;
  }
  // What the first start makes is made once, here, where the password of the administrator can be shown.
  const prepared = await createServer({ configuration, logger });
  const { firstAdmin, installation } = prepared;
  const { sealed } = installation.vault;
  await prepared.close();

  const listening = new WeakSet<Worker>();
  let hasListened = false;
  let stopping = false;
  const stop = (signal: StopSignal): void => {
    const message: StopMessage = { stop: signal };
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (!worker) continue;
      if (stopping) worker.process.kill('SIGKILL');
      else if (listening.has(worker)) worker.send(message);
      // While it loads its modules it hears no message, and it has nothing to finish.
      else worker.process.kill('SIGTERM');
    }
    if (stopping) process.exit(1);
    stopping = true;
  };
  signals.by = stop;
  const fork = (number: number): void => {
    const worker = cluster.fork(metricsPortOf(configuration, number));
    worker.once('exit', (code) => restart(number, worker.process.pid, code));
  };
  const restart = (number: number, pid: number | undefined, code: number): void => {
    if (stopping) return;
    logger.error({ pid, code }, 'A worker ended');
    if (hasListened) {
      setTimeout(() => stopping || fork(number), WORKER_RESTART_AFTER);
    } else {
      process.fail('No worker could start to listen.\n');
      stop('SIGINT');
    }
  };
  cluster.on('listening', (worker, { port }) => {
    if (!hasListened) process.write(greeting(publicUrl ?? `http://${host}:${port}`, firstAdmin, sealed, configuration));
    hasListened = true;
    listening.add(worker);
  });
  for (let number = 0; number < workers; number += 1) fork(number);
}

/** Each worker shows its own metrics, on a port that stays the same when it is started again. */
const metricsPortOf = ({ metricsPort }: Configuration, number: number): Record<string, string> =>
  metricsPort === undefined ? {} : { CHANCERY_METRICS_PORT: String(metricsPort + number) };

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * What a person sees first: where it listens, the password that is shown once, and what to try next. A later start tells
 * that a configured password has no effect: it is used only to create the first administrator.
 */
export function greeting(
  address: string,
  admin: FirstAdmin | undefined,
  sealed: boolean,
  { adminEmail, adminPassword }: Pick<Configuration, 'adminEmail' | 'adminPassword'>,
): string {
  if (sealed) return `Chancery listens on ${address}, SEALED: it needs the master key of this database.\n`;
  const password = admin?.generatedPassword?.reveal();
  const account = admin
    ? [
        `  Platform administrator: ${admin.email}`,
        password === undefined
          ? '  Password: the one in CHANCERY_ADMIN_PASSWORD'
          : `  Password: ${password}   (shown this once; change it in the console)`,
        '',
      ]
    : adminPassword
      ? [
          '  CHANCERY_ADMIN_PASSWORD was ignored: a platform administrator exists, and keeps their password.',
          `  To set a new one: npm run chancery -- admin reset --email ${adminEmail}`,
          '',
        ]
      : [];
  const credentials = `{"email":"${admin?.email ?? adminEmail}","password":"'"$PASSWORD"'"}`;
  return [
    '',
    `Chancery listens on ${address}`,
    '',
    ...account,
    'Try next:',
    `  open ${address}/console       (sign in there, and create the first tenant)`,
    `  curl ${address}/health/ready`,
    `  curl -X POST ${address}/v1/auth/login -H 'Content-Type: application/json' -d '${credentials}'`,
    `  open ${address}/docs          (the API reference; \`npm run demo\` shows the whole job)`,
    '',
    '',
  ].join('\n');
}
