import { DataSource } from 'typeorm';

import type { EntityClass } from '#database';

import { migrations } from '../../libs/database/migrations/index.js';

/** TypeORM as it comes, on the database that a test URL names: for negative controls, and to prepare what no scope can. */
export async function openPlainDataSource(url: string, entities: readonly EntityClass[] = []): Promise<DataSource> {
  const shared = { entities: [...entities], migrations: [...migrations], logging: false };
  return new DataSource(
    url.startsWith('sqlite:')
      ? { ...shared, type: 'better-sqlite3', database: url.slice('sqlite:'.length) }
      : { ...shared, type: 'mariadb', url, charset: 'utf8mb4' },
  ).initialize();
}

/** Takes the newest migrations of a database back until that is enough. No command of the product does. */
export async function revertMigrations(url: string, isEnough: () => Promise<boolean>): Promise<void> {
  const plain = await openPlainDataSource(url);
  while (!(await isEnough())) await plain.undoLastMigration({ transaction: 'none' });
  await plain.destroy();
}
