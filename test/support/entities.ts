import { ManualClock } from '#core';
import { Database } from '#database';

import { createMigratedDatabase } from './database.js';
import { connectModules } from './modules.js';

/** The classes of all tables: what the modules of an installation declare. */
export const entities = await declaredEntities();

async function declaredEntities() {
  const test = await createMigratedDatabase();
  const context = await connectModules(test.url, new ManualClock());
  const declared = context.get(Database).entities;
  await context.close();
  await test.drop();
  return declared;
}
