import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { cryptoErrors, keyFileErrors } from '#crypto';
import { DatabaseModule, type EntityClass } from '#database';
import { KeyStoresModule } from '#key-stores';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import { KeyFingerprints } from './compromised-keys.js';
import { KeyDeletion } from './deletion.service.js';
import { CompromisedKey, Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { keyEvents } from './events.js';
import { DueKeyDestructions, DueRotations, DueVersionSteps } from './expirables.js';
import { KeyExport } from './key-export.service.js';
import { KeyImport } from './key-import.service.js';
import { KeyUserReports } from './key-user-report.service.js';
import { Keys } from './keys.service.js';
import { KeyDryRuns } from './dry-runs.service.js';
import { PrivateHalves } from './private-halves.js';
import { KeyRotation } from './rotation.service.js';
import { Signer } from './signer.js';

export const keyEntities: readonly EntityClass[] = [Key, KeyVersion, CompromisedKey];

/** Signing keys and their versions. Higher libraries report who uses a key and what certifies it (`key-users.ts`). */
@Declares({ errors: [cryptoErrors, keyFileErrors, keyErrors], events: [keyEvents] })
@Module({
  imports: [TypeOrmModule.forFeature([...keyEntities]), DatabaseModule, KeyStoresModule, TenantsModule, VaultModule],
  providers: [
    DueKeyDestructions,
    DueRotations,
    DueVersionSteps,
    KeyDeletion,
    KeyExport,
    KeyFingerprints,
    KeyImport,
    KeyUserReports,
    KeyDryRuns,
    KeyRotation,
    Keys,
    PrivateHalves,
    Signer,
  ],
  exports: [KeyDeletion, KeyExport, KeyImport, KeyUserReports, KeyDryRuns, KeyRotation, Keys, PrivateHalves, Signer],
})
export class KeysModule {}
