import { Module, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Clock, Declares, type Expirable, GuardedClock } from '#core';
import { Database, DatabaseModule, type EntityClass } from '#database';
import { LOGGER, type Logger, describeError } from '#logging';
import { Vault, VaultModule } from '#vault';

import { ExpiryCalendar } from './calendar.js';
import { ClockWatch } from './clock-watch.js';
import { InstallationClock } from './entities.js';
import { clockEvents } from './events.js';
import { type DeclaredKind, Expires, inOrder } from './expires.js';
import { OverdueMetrics, SchedulerMetrics } from './scheduler-metrics.js';
import { Scheduler } from './scheduler.js';

export const schedulerEntities: readonly EntityClass[] = [InstallationClock];

/** Every provider that is marked with `@Expires()`, of whatever module. */
const declaredKinds = (discovery: DiscoveryService): readonly DeclaredKind[] =>
  discovery.getProviders({ metadataKey: Expires.KEY }).map((provider) => ({
    kind: provider.instance as Expirable,
    before: discovery.getMetadataByDecorator(Expires, provider)?.before ?? [],
  }));

/** The scheduler over all kinds that fall due, and the watch over the clock that it goes by. */
@Declares({ events: [clockEvents] })
@Module({
  imports: [TypeOrmModule.forFeature([...schedulerEntities]), DiscoveryModule, DatabaseModule, VaultModule],
  providers: [
    OverdueMetrics,
    SchedulerMetrics,
    {
      provide: ClockWatch,
      inject: [Database, GuardedClock, LOGGER],
      useFactory: (database: Database, clock: GuardedClock, logger: Logger) => new ClockWatch(database, clock, logger),
    },
    {
      provide: ExpiryCalendar,
      inject: [DiscoveryService],
      useFactory: (discovery: DiscoveryService) => new ExpiryCalendar(() => inOrder(declaredKinds(discovery))),
    },
    {
      provide: Scheduler,
      inject: [DiscoveryService, Vault, ClockWatch, Clock, LOGGER],
      useFactory: (discovery: DiscoveryService, vault: Vault, clockWatch: ClockWatch, clock: Clock, log: Logger) =>
        new Scheduler({
          kinds: () => inOrder(declaredKinds(discovery)),
          log,
          now: () => clock.now(),
          describe: describeError,
          isSealed: () => vault.sealed,
          isPaused: async () => {
            await clockWatch.beat();
            return clockWatch.paused;
          },
        }),
    },
  ],
  exports: [ClockWatch, ExpiryCalendar, Scheduler],
})
export class SchedulerModule implements OnModuleDestroy {
  constructor(private readonly scheduler: Scheduler) {}

  /** Waits for the run that is in progress: the database is closed after that. */
  async onModuleDestroy(): Promise<void> {
    await this.scheduler.stop();
  }
}
