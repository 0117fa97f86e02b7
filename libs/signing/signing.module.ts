import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { BackupModule } from '#backup';
import { CertificatesModule } from '#certificates';
import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { KeysModule } from '#keys';
import { ServiceKeysModule } from '#service-keys';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import {
  KeyUseRecord,
  RateWindow,
  ReplayRecord,
  TokenProfile,
  TokenProfileOrigin,
  TokenTransaction,
} from './entities.js';
import { AllowedOrigins } from './allowed-origins.service.js';
import { profileErrors, transactionErrors } from './errors.js';
import { profileEvents, tokenEvents } from './events.js';
import { HolderKeys } from './holder-keys.js';
import { KeyUsage, KeyUsePurge } from './key-usage.js';
import { JwksUrls } from './jwks-urls.js';
import { OwnTokenDiagnosis } from './own-token-diagnosis.service.js';
import { ProfileDirectory } from './profile-directory.js';
import { ProfileReferencesModule } from './profile-references.js';
import { TokenProfiles } from './profiles.service.js';
import { PublicProfiles } from './public-profiles.service.js';
import { RateWindows } from './rate-windows.js';
import { ReplayStore } from './replay.js';
import { jwksUrlSettings, tenantMetricSettings } from './settings.js';
import { Signing } from './signing.service.js';
import { TokenMetrics } from './token-metrics.js';
import { TokenRecording } from './token-recording.js';
import { TokenTransactions } from './transactions.service.js';
import { TrustedUsers } from './trusted-users.service.js';

const signingEntities: readonly EntityClass[] = [
  TokenProfile,
  TokenProfileOrigin,
  ReplayRecord,
  TokenTransaction,
  RateWindow,
  KeyUseRecord,
];

/** Token profiles; tokens that are signed and verified with them. */
@Declares({
  errors: [profileErrors, transactionErrors],
  events: [profileEvents, tokenEvents],
  settings: [jwksUrlSettings, tenantMetricSettings],
})
@Module({
  imports: [
    TypeOrmModule.forFeature([...signingEntities]),
    BackupModule,
    CertificatesModule,
    DatabaseModule,
    KeysModule,
    ProfileReferencesModule,
    ServiceKeysModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [
    AllowedOrigins,
    PublicProfiles,
    HolderKeys,
    JwksUrls,
    KeyUsage,
    KeyUsePurge,
    OwnTokenDiagnosis,
    ProfileDirectory,
    RateWindows,
    ReplayStore,
    Signing,
    TokenMetrics,
    TokenProfiles,
    TokenRecording,
    TokenTransactions,
    TrustedUsers,
  ],
  exports: [
    AllowedOrigins,
    OwnTokenDiagnosis,
    PublicProfiles,
    HolderKeys,
    KeyUsage,
    ReplayStore,
    Signing,
    TokenProfiles,
    TokenTransactions,
    TrustedUsers,
  ],
})
export class SigningModule {}
