import { Module } from '@nestjs/common';

import { AcmeModule } from '#acme';
import { AnnouncementsModule } from '#announcements';
import { AsOfModule } from '#as-of';
import { AuditModule } from '#audit';
import { CertificatesModule } from '#certificates';
import { FactorsModule } from '#factors';
import { IdentityProvidersModule } from '#identity-providers';
import { KeyStoresModule } from '#key-stores';
import { KeysModule } from '#keys';
import { LicensingModule } from '#licensing';
import { SchedulerModule } from '#scheduler';
import { ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';
import { TenantsModule } from '#tenants';

import { ShellModule } from '../shell.module.js';
import { AcmeAccountsOfTenantController, AcmeBindingsController } from './acme.controller.js';
import { ApiTokensController, ServiceAccountsController } from './api-tokens.controller.js';
import { AsOfController } from './as-of.controller.js';
import { AuditEventsController, PlatformAuditEventsController } from './audit-events.controller.js';
import { AuthController } from './auth.controller.js';
import { CertificateAuthoritiesController } from './certificate-authorities.controller.js';
import { CertificatesController } from './certificates.controller.js';
import { CredentialInventoryController } from './credential-inventory.controller.js';
import { CredentialRotationsController } from './credential-rotations.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { FactorsController } from './factors.controller.js';
import { CalendarFileController, ExpirationsController } from './expirations.controller.js';
import { IdentityProvidersController, PlatformIdentityProvidersController } from './identity-providers.controller.js';
import { InvitationAcceptanceController, InvitationsController } from './invitations.controller.js';
import {
  CheckpointLogController,
  HistoryLogController,
  LogKeysController,
  PlatformHistoryLogController,
  PlatformLogKeysController,
} from './history-log.controller.js';
import { HistoryMonthsController, PlatformHistoryMonthsController } from './history-months.controller.js';
import { KeyCertificatesController } from './key-certificates.controller.js';
import { KeyMaterialController } from './key-material.controller.js';
import { KeyStoresController } from './key-stores.controller.js';
import { KeysController } from './keys.controller.js';
import { LeaksController } from './leaks.controller.js';
import { LicensesController } from './licenses.controller.js';
import { MembersController } from './members.controller.js';
import { ProviderSignInController } from './provider-sign-in.controller.js';
import { SchedulerController } from './scheduler.controller.js';
import { SessionCookie, SignInCookie } from './session-cookie.js';
import { ServicesController } from './services.controller.js';
import { StepUpController } from './step-up.controller.js';
import { TenantsController } from './tenants.controller.js';
import { TokenProfilesController } from './token-profiles.controller.js';
import { TransactionSearchController } from './transactions.controller.js';
import { TrustsController } from './trusts.controller.js';
import { UsersController } from './users.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** The role `admin`: the API for people, with one controller for each noun. */
@Module({
  imports: [
    AcmeModule,
    AnnouncementsModule,
    AsOfModule,
    AuditModule,
    CertificatesModule,
    FactorsModule,
    IdentityProvidersModule,
    KeyStoresModule,
    KeysModule,
    LicensingModule,
    SchedulerModule,
    ServiceKeysModule,
    ShellModule,
    SigningModule,
    TenantsModule,
  ],
  controllers: [
    AuthController,
    FactorsController,
    StepUpController,
    TenantsController,
    MembersController,
    InvitationsController,
    InvitationAcceptanceController,
    UsersController,
    ApiTokensController,
    ServiceAccountsController,
    ServicesController,
    CredentialsController,
    CredentialInventoryController,
    CredentialRotationsController,
    LeaksController,
    KeysController,
    KeyMaterialController,
    KeyCertificatesController,
    KeyStoresController,
    CertificateAuthoritiesController,
    CertificatesController,
    TokenProfilesController,
    TransactionSearchController,
    LicensesController,
    CalendarFileController,
    ExpirationsController,
    AsOfController,
    AuditEventsController,
    PlatformAuditEventsController,
    CheckpointLogController,
    HistoryLogController,
    PlatformHistoryLogController,
    PlatformLogKeysController,
    HistoryMonthsController,
    PlatformHistoryMonthsController,
    LogKeysController,
    SchedulerController,
    WebhooksController,
    AcmeBindingsController,
    AcmeAccountsOfTenantController,
    TrustsController,
    IdentityProvidersController,
    PlatformIdentityProvidersController,
    ProviderSignInController,
  ],
  providers: [SessionCookie, SignInCookie],
})
export class AdminModule {}
