import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';

import { License, LicenseRevision } from './entities.js';
import { licensingErrors } from './errors.js';
import { licenseEvents } from './events.js';
import { Licensing } from './licensing.service.js';

const licensingEntities: readonly EntityClass[] = [License, LicenseRevision];

/** Entitlements of customers, by signed updates. */
@Declares({ errors: [licensingErrors], events: [licenseEvents] })
@Module({
  imports: [TypeOrmModule.forFeature([...licensingEntities]), DatabaseModule, ServiceKeysModule, SigningModule],
  providers: [Licensing],
  exports: [Licensing],
})
export class LicensingModule {}
