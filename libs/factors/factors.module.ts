import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { VaultModule } from '#vault';

import { Factor, FactorChallenge, RecoveryCode } from './entities.js';
import { factorErrors } from './errors.js';
import { factorEvents } from './events.js';
import { FactorChallengeExpiry, FactorExpiry } from './factor-expiry.js';
import { Factors } from './factors.service.js';

export const factorEntities: readonly EntityClass[] = [Factor, RecoveryCode, FactorChallenge];

/** The second factors of accounts. */
@Declares({ errors: [factorErrors], events: [factorEvents] })
@Module({
  imports: [TypeOrmModule.forFeature([...factorEntities]), DatabaseModule, VaultModule],
  providers: [FactorChallengeExpiry, FactorExpiry, Factors],
  exports: [Factors],
})
export class FactorsModule {}
