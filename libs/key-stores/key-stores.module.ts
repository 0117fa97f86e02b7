import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';

import { StoredObject } from './entities.js';
import { keyStoreErrors } from './errors.js';
import { keyStoreEvents } from './events.js';
import { KeyStoreMetrics } from './key-store-metrics.js';
import { KeyStores } from './key-stores.service.js';
import { keyStoreProblems, keyStoreSettings } from './settings.js';
import { DueStoredObjects, StoredObjects } from './stored-objects.js';

export const keyStoreEntities: readonly EntityClass[] = [StoredObject];

/** Where private keys are that never enter the process. */
@Declares({
  errors: [keyStoreErrors],
  events: [keyStoreEvents],
  settings: [keyStoreSettings],
  settingProblems: [keyStoreProblems],
})
@Module({
  imports: [TypeOrmModule.forFeature([...keyStoreEntities]), DatabaseModule],
  providers: [KeyStores, StoredObjects, DueStoredObjects, KeyStoreMetrics],
  exports: [KeyStores, StoredObjects],
})
export class KeyStoresModule {}
