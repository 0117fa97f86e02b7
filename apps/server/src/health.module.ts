import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { Declares } from '#core';
import { AuditModule } from '#audit';
import { DatabaseModule } from '#database';
import { SchedulerModule } from '#scheduler';
import { KeyStoresModule } from '#key-stores';
import { VaultModule } from '#vault';

import { Drain } from './http/drain.js';
import { HealthController, healthErrors } from './http/health.controller.js';
import { SealGuard } from './http/seal.guard.js';
import { Readiness } from './readiness.js';

/** Reports whether the server can work, and rejects requests while it cannot. */
@Declares({ errors: [healthErrors] })
@Module({
  imports: [AuditModule, DatabaseModule, SchedulerModule, KeyStoresModule, VaultModule],
  controllers: [HealthController],
  providers: [Readiness, { provide: APP_GUARD, useClass: SealGuard }],
})
export class HealthModule {
  static register(drain: Drain): DynamicModule {
    return { module: HealthModule, providers: [{ provide: Drain, useValue: drain }] };
  }
}
