import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { VaultModule } from '#vault';

import { EndedAnswers } from './ended-answers.js';
import { IdempotencyRecord } from './entities.js';
import { idempotencyErrors } from './errors.js';
import { IdempotencyRecords } from './idempotency.service.js';

export const idempotencyEntities: readonly EntityClass[] = [IdempotencyRecord];

/** First answers to repeated requests. */
@Declares({ errors: [idempotencyErrors] })
@Module({
  imports: [TypeOrmModule.forFeature([...idempotencyEntities]), DatabaseModule, VaultModule],
  providers: [IdempotencyRecords, EndedAnswers],
  exports: [IdempotencyRecords],
})
export class IdempotencyModule {}
