import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { ScheduleModule } from '@nestjs/schedule';

import { Checkpoints, History, HistoryExport, HistoryLog, LogKeys, LogPlace, RepeatedEvents } from '#audit';
import {
  AuthorityExpiry,
  AuthorityKeys,
  CertificateAuthorities,
  CertificateExpiry,
  Certificates,
  CertificatesOfKeys,
  CertificateVerifier,
  Crls,
  Issuance,
  OcspResponder,
  OrphanSweep,
  PkiClock,
  PkiUrls,
  authorityUrls,
} from '#certificates';
import type { Role } from '#config';
import type { Expirable } from '#core';
import { CpuQueue, PasswordHasher, type PasswordParameters } from '#crypto';
import { Database } from '#database';
import { EndedAnswers, IdempotencyRecords } from '#idempotency';
import type { Installation } from '#installation';
import {
  DueKeyDestructions,
  DueRotations,
  DueVersionSteps,
  KeyDeletion,
  KeyExport,
  KeyImport,
  KeyRehearsals,
  KeyRotation,
  KeyCertificates,
  KeyFingerprints,
  KeyUsers,
  Keys,
  Signer,
} from '#keys';
import { Licensing } from '#licensing';
import { LOGGER, type Logger, describeError } from '#logging';
import { ClockWatch, Scheduler } from '#scheduler';
import {
  Authenticator,
  CredentialCleanup,
  CredentialExpiry,
  CredentialFilter,
  CredentialSecrets,
  CredentialSteps,
  CredentialSuccession,
  CredentialUsage,
  Credentials,
  FailedAuthentications,
  Gateway,
  Leaks,
  OwnTokens,
  RefusedUses,
  SecretRepetition,
  Services,
  TokenProfileNames,
} from '#service-keys';
import {
  AllowedOrigins,
  HolderKeys,
  IssuerUrls,
  JwksUrls,
  OwnTokenDiagnosis,
  ProfilesOfKeys,
  ProfilesOfServices,
  PublicProfiles,
  RateWindows,
  ReplayStore,
  Signing,
  TokenProfiles,
  TokenTransactions,
  TrustedUsers,
} from '#signing';
import {
  Access,
  AccountSecrets,
  EndedInvitations,
  InvitationExpiry,
  Invitations,
  Members,
  PasswordAttemptExpiry,
  PasswordGuard,
  PasswordResetExpiry,
  PasswordResets,
  RefusedPasswords,
  RefreshTokenExpiry,
  SessionExpiry,
  SessionKeys,
  SessionLimits,
  SessionRenewals,
  Sessions,
  SessionTokens,
  Tenants,
  Users,
} from '#tenants';
import { Vault } from '#vault';

import { adminControllers } from './admin/index.js';
import { Callers, Permissions } from './callers.js';
import { Drain } from './http/drain.js';
import { HttpModule } from './http/http.module.js';
import { HealthController, Readiness } from './http/health.controller.js';
import { IdempotencyStore } from './http/idempotency.interceptor.js';
import { CallerIdentification, PermissionPolicy } from './http/principal.js';
import { type RateLimitPolicy, RateLimits } from './http/rate-limit.js';
import { RefusalLog } from './http/refusal-log.js';
import { SealGuard, SealState } from './http/seal.guard.js';
import { Counters } from './http/window-counters.js';
import { SealedAnswers } from './idempotency.js';
import { InstallationReadiness } from './readiness.js';
import { Refusals } from './refusals.js';
import {
  CheckpointSchedule,
  ClockSchedule,
  ExpirySchedule,
  SchedulerStop,
  UsageSchedule,
} from './scheduler/schedule.js';
import { signingControllers } from './signing/index.js';
import { AllowedJwksUrls } from './signing/jwks-urls.js';
import { PublishedKeys } from './signing/published-keys.js';
import { TenantNames } from './signing/tenant-names.js';

export interface ServerOptions {
  readonly installation: Installation;
  readonly logger: Logger;
  /** Begins when the server is told to stop. */
  readonly drain: Drain;
  /** What this process does. */
  readonly roles: readonly Role[];
  /** Where others reach it, without a slash at the end. */
  readonly publicUrl: () => string;
  /** Where the keys of trusted OpenID Connect issuers may be read. */
  readonly jwksUrls: readonly string[];
  /** How long sessions of people last. */
  readonly sessionLimits: SessionLimits;
  /** Cheaper hashes for tests. */
  readonly passwordParameters?: PasswordParameters | undefined;
  /** Where requests are counted. */
  readonly counters: Counters;
  readonly rateLimitQuotas?: Partial<Record<RateLimitPolicy, number>> | undefined;
}

/** Every kind of thing whose time comes, in the order in which it is asked. */
const expirables: Type<Expirable>[] = [
  CredentialExpiry,
  CredentialSuccession,
  CredentialCleanup,
  SessionExpiry,
  RefreshTokenExpiry,
  PasswordAttemptExpiry,
  InvitationExpiry,
  EndedInvitations,
  PasswordResetExpiry,
  DueRotations,
  DueVersionSteps,
  DueKeyDestructions,
  ReplayStore,
  TokenTransactions,
  RateWindows,
  RepeatedEvents,
  IdempotencyRecords,
  EndedAnswers,
  CertificateExpiry,
  AuthorityExpiry,
  OrphanSweep,
  // After those that may make a list stale.
  Crls,
];

/** The use-cases, and what they stand on. Every role has them all; roles differ in what they offer over HTTP. */
@Module({})
class UseCases {
  static register({
    installation,
    logger,
    drain,
    publicUrl,
    passwordParameters,
    jwksUrls,
    sessionLimits,
    counters,
    rateLimits,
  }: ServerOptions & { readonly rateLimits: RateLimits }): DynamicModule {
    const services: Type[] = [
      AccountSecrets,
      PasswordGuard,
      RefusedPasswords,
      Users,
      SessionTokens,
      SessionRenewals,
      Sessions,
      Tenants,
      Invitations,
      PasswordResets,
      Members,
      Access,
      History,
      HistoryLog,
      HistoryExport,
      LogKeys,
      Checkpoints,
      Keys,
      KeyImport,
      KeyExport,
      Signer,
      KeyRotation,
      KeyDeletion,
      KeyRehearsals,
      KeyFingerprints,
      CredentialSecrets,
      CredentialSteps,
      CredentialUsage,
      RefusedUses,
      Credentials,
      Leaks,
      OwnTokens,
      Gateway,
      Services,
      SecretRepetition,
      OwnTokens,
      Authenticator,
      CredentialFilter,
      AuthorityKeys,
      CertificateAuthorities,
      Issuance,
      Certificates,
      CertificatesOfKeys,
      CertificateVerifier,
      OcspResponder,
      HolderKeys,
      TokenProfiles,
      TrustedUsers,
      OwnTokenDiagnosis,
      PublicProfiles,
      AllowedOrigins,
      TenantNames,
      Signing,
      Licensing,
      ...expirables,
    ];
    const ports: Provider[] = [
      { provide: KeyUsers, useClass: ProfilesOfKeys },
      { provide: TokenProfileNames, useClass: ProfilesOfServices },
      { provide: KeyCertificates, useExisting: CertificatesOfKeys },
      { provide: CallerIdentification, useClass: Callers },
      { provide: PermissionPolicy, useClass: Permissions },
      { provide: RefusalLog, useClass: Refusals },
      { provide: IdempotencyStore, useClass: SealedAnswers },
      { provide: Readiness, useClass: InstallationReadiness },
      { provide: Drain, useValue: drain },
      { provide: SealState, useValue: installation.vault },
      {
        provide: PublishedKeys,
        useFactory: (keys: Keys, access: Access) => new PublishedKeys(keys, access, installation.clock),
        inject: [Keys, Access],
      },
    ];
    const cpu = new CpuQueue((what) => installation.database.requireNoTransaction(what));
    const foundation: Provider[] = [
      { provide: Counters, useValue: counters },
      { provide: CpuQueue, useValue: cpu },
      {
        provide: FailedAuthentications,
        useValue: new FailedAuthentications(counters, installation.clock, rateLimits.limitOf('credentials'), (source) =>
          logger.warn({ source }, 'Too many credentials from one source were rejected'),
        ),
      },
      { provide: Database, useValue: installation.database },
      { provide: Vault, useValue: installation.vault },
      { provide: ClockWatch, useValue: installation.clockWatch },
      { provide: SessionLimits, useValue: sessionLimits },
      SessionKeys,
      {
        provide: PasswordHasher,
        useValue: new PasswordHasher({ queue: cpu, ...(passwordParameters ? { parameters: passwordParameters } : {}) }),
      },
      { provide: LogPlace, useValue: { host: () => new URL(publicUrl()).host, memory: installation.checkpointMemory } },
      { provide: PkiUrls, useValue: { ofAuthority: (caId: string) => authorityUrls(publicUrl(), caId) } },
      { provide: PkiClock, useValue: installation.clock },
      { provide: IssuerUrls, useValue: { ofTenant: (id: string) => `${publicUrl()}/v1/tenants/${id}` } },
      { provide: JwksUrls, useValue: new AllowedJwksUrls(jwksUrls, installation.clock) },
    ];
    const scheduler: Provider = {
      provide: Scheduler,
      useFactory: (...kinds: Expirable[]) =>
        new Scheduler({
          kinds,
          log: logger,
          describe: describeError,
          isSealed: () => installation.vault.sealed,
          isPaused: async () => {
            await installation.clockWatch.beat();
            return installation.clockWatch.paused;
          },
        }),
      inject: expirables,
    };
    const providers = [...foundation, ...services, ...ports, scheduler];
    return {
      module: UseCases,
      imports: [JwtModule.register({})],
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }
}

const controllersOf: Readonly<Record<Role, readonly Type[]>> = {
  admin: adminControllers,
  signing: signingControllers,
  scheduler: [],
};

/** The composition root. */
@Module({})
export class ServerModule {
  static register(options: ServerOptions): DynamicModule {
    const rateLimits = new RateLimits(options.counters, options.rateLimitQuotas);
    const useCases = UseCases.register({ ...options, rateLimits });
    return {
      module: ServerModule,
      imports: [
        useCases,
        ScheduleModule.forRoot(),
        HttpModule.register({
          imports: [useCases],
          logger: options.logger,
          rateLimits,
        }),
      ],
      controllers: [HealthController, ...options.roles.flatMap((role) => controllersOf[role])],
      providers: [
        { provide: APP_GUARD, useClass: SealGuard },
        { provide: LOGGER, useValue: options.logger },
        SchedulerStop,
        ClockSchedule,
        UsageSchedule,
        ...(options.roles.includes('scheduler') ? [ExpirySchedule, CheckpointSchedule] : []),
      ],
    };
  }
}
