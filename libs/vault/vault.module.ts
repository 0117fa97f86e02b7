import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { sealingErrors } from '#crypto';
import { DatabaseModule, type EntityClass } from '#database';

import { InstallationSecret, WrappedDataKey } from './entities.js';
import { dataKeyEvents } from './events.js';
import { KeyMaintenance } from './key-maintenance.js';
import { masterKeySettings } from './settings.js';
import { VaultMetrics } from './vault-metrics.js';
import { Vault } from './vault.js';

export const vaultEntities: readonly EntityClass[] = [WrappedDataKey, InstallationSecret];

/** The keys that everything secret is sealed with. */
@Declares({ errors: [sealingErrors], events: [dataKeyEvents], settings: [masterKeySettings] })
@Module({
  imports: [TypeOrmModule.forFeature([...vaultEntities]), DatabaseModule],
  providers: [Vault, KeyMaintenance, VaultMetrics],
  exports: [Vault, KeyMaintenance],
})
export class VaultModule {}
