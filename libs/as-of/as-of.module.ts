import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { DatabaseModule } from '#database';

import { AsOf } from './as-of.service.js';

/** What a tenant had at an instant, by its history. */
@Module({
  imports: [AuditModule, DatabaseModule],
  providers: [AsOf],
  exports: [AsOf],
})
export class AsOfModule {}
