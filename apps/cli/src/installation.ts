import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { CONFIGURATION } from '#config';
import { platformScope, systemOrigin } from '#core';
import type { PasswordParameters } from '#crypto';
import { type Configuration, Installation, InstallationModule, loadConfiguration } from '#installation';
import { type Logger, createLogger } from '#logging';
import { hostTime } from '#scheduler';

import { Refusal, type Terminal } from './terminal.js';

/** Who the history names for what is done by the command line. */
export const CLI = platformScope(systemOrigin('cli'));

/** The modules of an installation, connected to its database. Nothing is migrated and nothing opened yet. */
export const connect = (
  configuration: Configuration,
  logger: Logger,
  passwordParameters?: PasswordParameters,
): Promise<INestApplicationContext> =>
  NestFactory.createApplicationContext(
    InstallationModule.forRoot({ configuration, logger, time: hostTime(), passwordParameters }),
    { logger: false, abortOnError: false },
  );

/** Runs a command on the installation that the environment names; it must be open. @throws Refusal where it is sealed */
export async function onInstallation<T>(
  terminal: Terminal,
  work: (context: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const { configuration, warnings } = loadConfiguration(terminal.environment);
  for (const warning of warnings) terminal.fail(`${warning}\n`);
  const logger = createLogger('warn', { write: (line) => terminal.fail(line) });
  const context = await connect(configuration, logger, terminal.passwordParameters);
  try {
    const installation = context.get(Installation);
    await installation.open();
    if (installation.vault.sealed) throw new Refusal('The master key is missing or does not open this database.');
    return await work(context);
  } finally {
    await context.close();
  }
}

/** The configuration that the installation was opened with. */
export const configurationOf = (context: INestApplicationContext): Configuration => context.get(CONFIGURATION);
