import { NestFactory } from '@nestjs/core';

import { loadConfiguration } from '#config';
import { ManualClock } from '#core';
import { Database } from '#database';
import { InstallationModule } from '#installation';
import { createLogger } from '#logging';

import { createTestDatabase } from './database.js';

/** The classes of all tables: what the modules of an installation declare. */
export const entities = await declaredEntities();

async function declaredEntities() {
  const test = await createTestDatabase();
  const { configuration } = loadConfiguration({ DATABASE_URL: test.url, CHANCERY_DATABASE_TLS: 'off' });
  const context = await NestFactory.createApplicationContext(
    InstallationModule.forRoot({ configuration, logger: createLogger('silent'), time: new ManualClock() }),
    { logger: false, abortOnError: false },
  );
  const declared = context.get(Database).entities;
  await context.close();
  await test.drop();
  return declared;
}
