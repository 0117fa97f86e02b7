import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';

import { Backups } from './backups.service.js';
import { Restoration } from './entities.js';
import { backupErrors } from './errors.js';
import { backupEvents } from './events.js';
import { Restorations } from './restorations.service.js';

const backupEntities: readonly EntityClass[] = [Restoration];

/** Backups of the database, and what follows from restoring one. */
@Declares({ errors: [backupErrors], events: [backupEvents] })
@Module({
  imports: [TypeOrmModule.forFeature([...backupEntities]), DatabaseModule, DiscoveryModule],
  providers: [Backups, Restorations],
  exports: [Backups, Restorations],
})
export class BackupModule {}
