import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { Declares } from '#core';

import { DatabaseMetrics } from './database-metrics.js';
import { Database, type DatabaseSettings } from './database.js';
import { databaseErrors } from './errors.js';
import type { Gateway } from './gateway.js';
import { openGateway } from './open-gateway.js';
import type { EntityClass } from './ownership.js';
import { databaseSettings } from './settings.js';
import { databaseTlsProblems } from './tls-settings.js';

/** The token of the settings of the database; the installation provides them. */
export const DATABASE_SETTINGS = Symbol('database settings');

/** What lies around the data source that TypeORM's module knows: queues, a second connection, signs of life. */
const gateways = new WeakMap<DataSource, Gateway>();

/** Our settings travel through TypeORM's module as `extra`; the gateway chooses driver, pragmas, pools and TLS. */
const throughTypeOrm = (settings: DatabaseSettings): TypeOrmModuleOptions => ({
  type: 'better-sqlite3',
  database: ':memory:',
  autoLoadEntities: true,
  toRetry: () => false,
  extra: settings,
});

/** @param options hold the entities of all modules that were imported, by `autoLoadEntities` */
async function openDataSource(options?: DataSourceOptions): Promise<DataSource> {
  const { entities, extra } = options as unknown as { entities: readonly EntityClass[]; extra: DatabaseSettings };
  const gateway = await openGateway({ ...extra, entities });
  gateways.set(gateway.dataSource, gateway);
  return gateway.dataSource;
}

/**
 * The database of an installation. What it exports is the scoped transaction alone: a repository or the data source is
 * nothing that a service may ask for.
 */
@Declares({ errors: [databaseErrors], settings: [databaseSettings], settingProblems: [databaseTlsProblems] })
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [DATABASE_SETTINGS],
      useFactory: throughTypeOrm,
      dataSourceFactory: openDataSource,
    }),
  ],
  providers: [
    DatabaseMetrics,
    {
      provide: Database,
      inject: [DataSource, DATABASE_SETTINGS],
      useFactory: (dataSource: DataSource, settings: DatabaseSettings) =>
        Database.on(gateways.get(dataSource)!, settings),
    },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  /** After the libraries above, which may still write down what they counted. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
