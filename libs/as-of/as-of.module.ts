import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { DatabaseModule } from '#database';

import { AsOf } from './as-of.service.js';
import { CarriedStates } from './carried-states.service.js';

/** What a tenant had at an instant, by its history. */
@Module({
  imports: [AuditModule, DatabaseModule],
  providers: [AsOf, CarriedStates],
  exports: [AsOf, CarriedStates],
})
export class AsOfModule {}
