import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, ModuleRef } from '@nestjs/core';

import { AcmeModule } from '#acme';
import { AnnouncementsModule } from '#announcements';
import { AsOfModule } from '#as-of';
import { AuditModule, MonthKeys, eventRecorder } from '#audit';
import { BackupModule } from '#backup';
import { CertificatesModule } from '#certificates';
import { CONFIGURATION, PublicUrl, metricsProblems, settings } from '#config';
import { ContactsModule } from '#contacts';
import { Clock, Counters, Declares, GuardedClock, type TimeSource, WindowCounters } from '#core';
import { CpuQueue, PASSWORD_PARAMETERS, type PasswordParameters } from '#crypto';
import {
  type AuthorityCheck,
  DATABASE_SETTINGS,
  Database,
  DatabaseModule,
  type DatabaseSettings,
  readDatabaseTls,
} from '#database';
import { FactorsModule } from '#factors';
import { IdempotencyModule } from '#idempotency';
import { IdentityProvidersModule } from '#identity-providers';
import { KeyStoresModule } from '#key-stores';
import { KeysModule } from '#keys';
import { LicensingModule } from '#licensing';
import { LOGGER, type Logger } from '#logging';
import { MailModule } from '#mail';
import { RetentionModule } from '#retention';
import { SchedulerModule } from '#scheduler';
import { FAILURE_QUOTA, FAILURE_QUOTA_DEFAULT, type FailureQuota, ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';
import { PASSWORD_HASH_PARAMETERS, TenantsModule, configurationNumbers } from '#tenants';
import { inSpan, tracingSettings } from '#tracing';
import { VaultModule } from '#vault';

import { checkAuthority } from './authority.js';
import type { Configuration } from './configuration.js';
import { Installation } from './installation.js';
import { ProcessMetrics } from './process-metrics.js';

export interface InstallationOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  /** The clocks of the host; a test has its own. */
  readonly time: TimeSource;
  /** Where attempts are counted; in the memory of this process unless said otherwise. */
  readonly counters?: ((clock: Clock) => Promise<Counters>) | undefined;
  /** Cheaper hashes for tests. */
  readonly passwordParameters?: PasswordParameters | undefined;
  readonly failureQuota?: FailureQuota | undefined;
  /** What each piece of work checks first; tests of what lies below the shell have another. */
  readonly authority?: AuthorityCheck | undefined;
}

/** What all modules of a process share: configuration, log, clock, counters, the queue of its processor. */
const shared = (options: InstallationOptions): NonNullable<DynamicModule['providers']> => {
  const { configuration, logger, counters } = options;
  return [
    { provide: CONFIGURATION, useValue: configuration },
    { provide: LOGGER, useValue: logger },
    { provide: GuardedClock, useValue: new GuardedClock(options.time) },
    { provide: Clock, useExisting: GuardedClock },
    {
      provide: Counters,
      inject: [Clock],
      useFactory: async (clock: Clock) => (counters ? counters(clock) : new WindowCounters(clock)),
    },
    { provide: FAILURE_QUOTA, useValue: options.failureQuota ?? FAILURE_QUOTA_DEFAULT },
    { provide: PASSWORD_HASH_PARAMETERS, useValue: options.passwordParameters ?? PASSWORD_PARAMETERS },
    {
      provide: CpuQueue,
      inject: [Database],
      useFactory: (database: Database) => new CpuQueue((what) => database.requireNoTransaction(what), inSpan),
    },
    {
      provide: DATABASE_SETTINGS,
      inject: [Clock, ModuleRef],
      useFactory: async (clock: Clock, modules: ModuleRef): Promise<DatabaseSettings> => ({
        url: configuration.databaseUrl.reveal(),
        tls: await readDatabaseTls(configuration),
        clock,
        // The keys are sealed in the database, which is made first.
        recorder: eventRecorder(() => modules.get(MonthKeys, { strict: false })),
        authority: options.authority ?? checkAuthority,
        configurations: configurationNumbers,
        cluster: configuration.databaseCluster,
        allowUnsafe: configuration.allowUnsafeDatabase,
        warn: (message) => logger.warn(message),
      }),
    },
    PublicUrl,
  ];
};

/** An installation: every library, on one database. Global for what all of them share; it exports no service of theirs. */
@Declares({ settings: [settings, tracingSettings], settingProblems: [metricsProblems] })
@Global()
@Module({
  imports: [
    AcmeModule,
    AnnouncementsModule,
    AsOfModule,
    AuditModule,
    BackupModule,
    CertificatesModule,
    ContactsModule,
    DatabaseModule,
    DiscoveryModule,
    FactorsModule,
    IdempotencyModule,
    IdentityProvidersModule,
    KeyStoresModule,
    KeysModule,
    LicensingModule,
    MailModule,
    RetentionModule,
    SchedulerModule,
    ServiceKeysModule,
    SigningModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [Installation, ProcessMetrics],
  exports: [Installation],
})
export class InstallationModule implements OnApplicationShutdown {
  constructor(private readonly counters: Counters) {}

  static forRoot(options: InstallationOptions): DynamicModule {
    const providers = shared(options);
    return {
      module: InstallationModule,
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.counters.close();
  }
}
