import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AuditModule } from '#audit';
import { BackupModule } from '#backup';
import { ContactsModule } from '#contacts';
import { Clock, Counters, Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { IssuersModule } from '#issuers';
import { LOGGER, type Logger } from '#logging';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import { Authenticator } from './authenticator.js';
import { CallerDirectory } from './caller-directory.js';
import { CredentialCleanup, CredentialExpiry, CredentialSuccession } from './credential-expiry.js';
import { AuthenticationMetrics, CredentialExpiryMetrics } from './credential-metrics.js';
import { CredentialFilter } from './credential-filter.js';
import { CredentialInventory } from './credential-inventory.service.js';
import {
  CredentialRotationItems,
  EndedCredentialRotations,
  FinishedRotationItems,
} from './credential-rotation-items.js';
import { CredentialRotations } from './credential-rotations.service.js';
import { CredentialSecrets } from './credential-secrets.js';
import { CredentialSteps } from './credential-steps.js';
import { Credentials } from './credentials.service.js';
import {
  Credential,
  CredentialRotation,
  CredentialRotationItem,
  Service,
  Trust,
  WorkloadCredential,
} from './entities.js';
import { callerErrors, credentialErrors, credentialRotationErrors, serviceErrors, trustErrors } from './errors.js';
import { credentialEvents, credentialRotationEvents, serviceEvents, trustEvents } from './events.js';
import { FAILURE_QUOTA, FailedAuthentications, type FailureQuota } from './failed-authentications.js';
import { DirectWorkloads } from './direct-workloads.service.js';
import { Gateway } from './gateway.service.js';
import { Leaks } from './leaks.service.js';
import { OwnTokens } from './own-tokens.service.js';
import { RefusedUses } from './refused-uses.service.js';
import { SecretRepetition } from './secret-repetition.service.js';
import { Services } from './services.service.js';
import { TokenExchange } from './token-exchange.service.js';
import { Trusts } from './trusts.service.js';
import { CredentialUsage } from './usage.js';
import { WorkloadCredentialExpiry } from './workload-credential-expiry.js';
import { WorkloadTokens } from './workload-tokens.service.js';

export const serviceKeyEntities: readonly EntityClass[] = [
  Service,
  Credential,
  CredentialRotation,
  CredentialRotationItem,
  Trust,
  WorkloadCredential,
];

/** Services, their credentials, and who calls by which of them. */
@Declares({
  errors: [callerErrors, serviceErrors, credentialErrors, credentialRotationErrors, trustErrors],
  events: [serviceEvents, credentialEvents, credentialRotationEvents, trustEvents],
})
@Module({
  imports: [
    TypeOrmModule.forFeature([...serviceKeyEntities]),
    AuditModule,
    BackupModule,
    ContactsModule,
    DatabaseModule,
    IssuersModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [
    {
      provide: FailedAuthentications,
      inject: [Counters, Clock, FAILURE_QUOTA, LOGGER],
      useFactory: (counters: Counters, clock: Clock, quota: FailureQuota, logger: Logger) =>
        new FailedAuthentications(counters, clock, quota, (source) =>
          logger.warn({ source }, 'Too many credentials from one source were rejected'),
        ),
    },
    AuthenticationMetrics,
    Authenticator,
    CallerDirectory,
    CredentialCleanup,
    CredentialExpiry,
    CredentialExpiryMetrics,
    CredentialFilter,
    CredentialInventory,
    CredentialRotationItems,
    CredentialRotations,
    CredentialSecrets,
    CredentialSteps,
    CredentialSuccession,
    CredentialUsage,
    Credentials,
    DirectWorkloads,
    EndedCredentialRotations,
    FinishedRotationItems,
    Gateway,
    Leaks,
    OwnTokens,
    RefusedUses,
    SecretRepetition,
    Services,
    TokenExchange,
    Trusts,
    WorkloadCredentialExpiry,
    WorkloadTokens,
  ],
  exports: [
    Authenticator,
    CallerDirectory,
    CredentialInventory,
    CredentialRotations,
    CredentialSecrets,
    CredentialUsage,
    Credentials,
    FailedAuthentications,
    Gateway,
    Leaks,
    OwnTokens,
    RefusedUses,
    SecretRepetition,
    Services,
    TokenExchange,
    Trusts,
    WorkloadTokens,
  ],
})
export class ServiceKeysModule {}
