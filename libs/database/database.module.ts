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

/** Injection token of the database settings, which the installation provides. */
export const DATABASE_SETTINGS = Symbol('database settings');

/** The gateway around the data source of TypeORM's module: queues, a second connection, reachability checks. */
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
 * The database of an installation. It exports only the scoped transaction: services cannot inject repositories or the data
 * source.
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

  /** Runs after the higher libraries, which may still write their counts. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
