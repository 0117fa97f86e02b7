import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule as NestScheduleModule } from '@nestjs/schedule';

import { AcmeModule } from '#acme';
import { AnnouncementsModule } from '#announcements';
import { AuditModule } from '#audit';
import { MailModule } from '#mail';
import { SchedulerModule } from '#scheduler';
import { ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import {
  Attempts,
  CheckpointSchedule,
  ClockSchedule,
  CosignatureSchedule,
  DeliverySchedule,
  ExpirySchedule,
  MailSchedule,
  UsageSchedule,
  ValidationSchedule,
} from './schedule.js';

/** Jobs that run at intervals, in every process or in those with the role `scheduler`. */
@Module({
  imports: [
    NestScheduleModule.forRoot(),
    AcmeModule,
    AnnouncementsModule,
    AuditModule,
    MailModule,
    SchedulerModule,
    ServiceKeysModule,
    SigningModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [Attempts, ClockSchedule, UsageSchedule],
})
export class ScheduleModule {
  static register({ runsScheduler }: { readonly runsScheduler: boolean }): DynamicModule {
    return {
      module: ScheduleModule,
      providers: runsScheduler
        ? [ExpirySchedule, CheckpointSchedule, CosignatureSchedule, DeliverySchedule, MailSchedule, ValidationSchedule]
        : [],
    };
  }
}
