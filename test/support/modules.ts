import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { MINUTE, type TimeSource } from '#core';
import { Installation, InstallationModule, loadConfiguration } from '#installation';
import { createLogger } from '#logging';

import { CHEAP_PASSWORDS, TEST_MASTER_KEY } from './server.js';

/** More than any test has. */
const FAILURES = { quota: 1_000_000, windowMilliseconds: MINUTE };

/**
 * The modules of an installation, connected to a database, as the server and the command line have them. Below the shell
 * no caller shows evidence, so that nothing is checked at the beginning of a piece of work.
 */
export const connectModules = (url: string, time: TimeSource): Promise<INestApplicationContext> => {
  const { configuration } = loadConfiguration({
    DATABASE_URL: url,
    // The server that a test run is pointed at need not have a certificate.
    CHANCERY_DATABASE_TLS: 'off',
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    CHANCERY_CHECKPOINT_FILE: 'off',
  });
  const installation = InstallationModule.forRoot({
    configuration,
    logger: createLogger('silent'),
    time,
    passwordParameters: CHEAP_PASSWORDS,
    failureQuota: FAILURES,
    authority: async ({ scope }) => scope,
  });
  return NestFactory.createApplicationContext(installation, { logger: false, abortOnError: false });
};

/** The same with an open vault, at the newest schema. */
export async function openModules(url: string, time: TimeSource): Promise<INestApplicationContext> {
  const context = await connectModules(url, time);
  await context.get(Installation).open();
  return context;
}
