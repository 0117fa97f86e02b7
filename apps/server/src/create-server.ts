import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { Checkpoints, KeptLogs } from '#audit';
import { PublicUrl } from '#config';
import {
  type Clock,
  type Counters,
  type Secret,
  type TimeSource,
  WindowCounters,
  platformScope,
  systemOrigin,
} from '#core';
import { CpuQueue, type PasswordParameters } from '#crypto';
import { type Configuration, Installation, productVersion } from '#installation';
import type { Logger } from '#logging';
import { hostTime } from '#scheduler';
import { FAILURE_QUOTA_DEFAULT } from '#service-keys';
import { Users } from '#tenants';
import { startTracing } from '#tracing';

import { serveConsole } from './console-files.js';
import { AnswerTimes } from './http/answer-log.js';
import { Drain } from './http/drain.js';
import { ProblemForms } from './http/problem-forms.js';
import type { RateLimitPolicy } from './http/rate-limit.js';
import { type HttpOptions, applicationOptions, configureHttp, createAdapter } from './http/server.js';
import { MetricsListener } from './metrics/metrics-listener.js';
import { ServerModule } from './server.module.js';
import { ACME_PATH, AcmeAnswers } from './signing/acme/acme-answers.js';

interface CreateServerOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  /** The clocks of the host; a test has its own. */
  readonly time?: TimeSource;
  readonly passwordParameters?: PasswordParameters;
  readonly rateLimitQuotas?: Partial<Record<RateLimitPolicy, number>>;
}

/** The administrator that the first start made. */
export interface FirstAdmin {
  readonly email: string;
  /** Only where the environment gave none. */
  readonly generatedPassword: Secret | undefined;
}

export interface Server {
  readonly app: NestFastifyApplication;
  readonly installation: Installation;
  readonly firstAdmin: FirstAdmin | undefined;
  /** Starts to listen; gives the address that others reach it by. */
  listen(): Promise<string>;
  /** Answers for this many milliseconds more, so that clients and load balancers leave by themselves. */
  drain(milliseconds: number): Promise<void>;
  /** Refuses new work, finishes what is under way, writes down what is only in memory, and closes the database. */
  close(): Promise<void>;
}

const SYSTEM = platformScope(systemOrigin('first-start'));

/** Everything from the settings to a server that may listen. @throws Error where it must not start */
export async function createServer(options: CreateServerOptions): Promise<Server> {
  const { configuration, logger, time = hostTime() } = options;
  const drain = new Drain();
  const { connectionsMax: connections, connectionsPerAddressMax: connectionsPerAddress } = configuration;
  const times = new AnswerTimes();
  const forms = new ProblemForms();
  const http: HttpOptions = {
    logger,
    times,
    forms,
    trustedProxies: configuration.trustedProxies,
    limits: { connections, connectionsPerAddress },
    drain,
    version: productVersion(),
  };
  const { passwordParameters, rateLimitQuotas } = options;
  const tracing = await startTracing(configuration, productVersion());
  const root = ServerModule.register({
    configuration,
    logger,
    time,
    drain,
    times,
    forms,
    counters: (clock) => openCounters(options, clock),
    passwordParameters,
    rateLimitQuotas,
    failureQuota: { ...FAILURE_QUOTA_DEFAULT, quota: rateLimitQuotas?.credentials ?? FAILURE_QUOTA_DEFAULT.quota },
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, createAdapter(http), applicationOptions(http));
  try {
    if (configuration.roles.includes('signing')) forms.declare(ACME_PATH, app.get(AcmeAnswers, { strict: false }));
    const installation = app.get(Installation);
    await installation.open();
    await configureHttp(app, http);
    if (configuration.roles.includes('admin') && !(await serveConsole(app))) {
      logger.warn('The console has not been built: `npm run build` does');
    }
    const { sealed } = installation.vault;
    if (!sealed) await installation.clockWatch.beat();
    const firstAdmin = sealed ? undefined : await prepare(app, configuration, logger);
    return {
      app,
      installation,
      firstAdmin,
      listen: async () => {
        const { host, port, metricsPort } = configuration;
        await named(app.get(MetricsListener).listen(host), `${host}:${metricsPort} (HOST, CHANCERY_METRICS_PORT)`);
        await named(app.listen(port, host), `${host}:${port} (HOST, PORT)`);
        const publicUrl = app.get(PublicUrl);
        publicUrl.listensOn(await app.getUrl());
        return publicUrl.current;
      },
      drain: async (milliseconds) => {
        drain.begin();
        await delay(milliseconds);
      },
      close: async () => {
        drain.begin();
        // Keys that wait to be made would keep the process for longer than its supervisor waits.
        app.get(CpuQueue).close();
        await app.close();
        await tracing.stop();
      },
    };
  } catch (error) {
    await app.close();
    await tracing.stop();
    throw error;
  }
}

/** Counters that all processes share where Redis is configured. @throws Error where the file of its authorities cannot be read */
async function openCounters({ configuration, logger }: CreateServerOptions, clock: Clock): Promise<Counters> {
  const { redisUrl: url, redisCaFile, redisKeyPrefix: keyPrefix } = configuration;
  if (url === undefined) return new WindowCounters(clock);
  const ca = redisCaFile === undefined ? undefined : await readFile(redisCaFile, 'utf8');
  // Its client takes part of the time of a start, which most have no use for.
  const { RedisCounters } = await import('./http/redis-counters.js');
  return RedisCounters.open({ url, ca, keyPrefix }, clock, logger);
}

/** The first administrator, where there is none; and whether the histories are those that were signed. */
async function prepare(
  app: NestFastifyApplication,
  configuration: Configuration,
  logger: Logger,
): Promise<FirstAdmin | undefined> {
  for (const log of await app.get(Checkpoints).rolledBack()) {
    logger.error({ log }, 'The database lacks a part of this history that was signed: was it rolled back?');
  }
  const keptLogs = app.get(KeptLogs);
  for (const log of await keptLogs.unverifiable()) {
    logger.error({ log }, 'All checkpoints of this history outside of the database are signed by keys that it lacks');
  }
  for (const rejected of keptLogs.newlyRejected())
    logger.warn(rejected, 'Lines of the file of checkpoints are ignored');
  const { adminEmail: email, adminPassword: password } = configuration;
  const { created, generatedPassword } = await app.get(Users).ensurePlatformAdmin(SYSTEM, { email, password });
  return created ? { email, generatedPassword } : undefined;
}

/** @throws Error that names where the server was to listen, and by which settings */
async function named(listening: Promise<unknown>, address: string): Promise<void> {
  try {
    await listening;
  } catch (error) {
    throw new Error(`The server cannot listen on ${address}: ${(error as Error).message}`, { cause: error });
  }
}
