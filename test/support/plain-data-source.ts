import { DataSource } from 'typeorm';

import type { EntityClass } from '#database';

/** TypeORM as it comes, on the database that a test URL names: for negative controls, and to prepare what no scope can. */
export async function openPlainDataSource(url: string, entities: readonly EntityClass[] = []): Promise<DataSource> {
  const shared = { entities: [...entities], logging: false };
  return new DataSource(
    url.startsWith('sqlite:')
      ? { ...shared, type: 'better-sqlite3', database: url.slice('sqlite:'.length) }
      : { ...shared, type: 'mariadb', url, charset: 'utf8mb4' },
  ).initialize();
}
