import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AuditModule } from '#audit';
import { CONFIGURATION, type SettingValues } from '#config';
import { DAY, Declares, MINUTE } from '#core';
import { CpuQueue, PasswordHasher, type PasswordParameters, passwordErrors } from '#crypto';
import { DatabaseModule, type EntityClass } from '#database';
import { FactorsModule } from '#factors';
import { MailModule } from '#mail';
import { VaultModule } from '#vault';

import { Access } from './access.service.js';
import { AccountMails } from './account-mails.js';
import { AccountSecrets } from './account-secrets.js';
import { ApiTokenExpiry } from './api-token-expiry.js';
import { ApiTokens } from './api-tokens.service.js';
import {
  ApiToken,
  Invitation,
  Member,
  PasswordAttempt,
  PasswordReset,
  RefreshToken,
  ResetRequest,
  ServiceAccount,
  Session,
  Tenant,
  User,
} from './entities.js';
import {
  accountErrors,
  apiTokenErrors,
  invitationErrors,
  memberErrors,
  sessionErrors,
  tenantErrors,
} from './errors.js';
import {
  apiTokenEvents,
  invitationEvents,
  memberEvents,
  serviceAccountEvents,
  sessionEvents,
  tenantEvents,
  userEvents,
} from './events.js';
import { EndedInvitations, InvitationExpiry } from './invitation-expiry.js';
import { FactorGuard } from './factor-guard.js';
import { Invitations } from './invitations.service.js';
import { Members } from './members.service.js';
import { PasswordGuard } from './password-guard.js';
import { PasswordResetExpiry } from './password-reset-expiry.js';
import { PasswordResets } from './password-resets.service.js';
import { RefusedApiTokens } from './refused-api-tokens.service.js';
import { RefusedPasswords } from './refused-passwords.service.js';
import { ResetRequests } from './reset-requests.js';
import { SecondFactors } from './second-factors.service.js';
import { HistoryErasure, HistoryMonthExpiry } from './history-erasure.service.js';
import { ServiceAccounts } from './service-accounts.service.js';
import { PasswordAttemptExpiry, RefreshTokenExpiry, SessionExpiry } from './session-expiry.js';
import { SessionKeys } from './session-keys.js';
import { SessionLimits } from './session-lifetime.js';
import { SessionRenewals } from './session-renewals.service.js';
import { SessionTokens } from './session-tokens.js';
import { accountSettings } from './settings.js';
import { Sessions } from './sessions.service.js';
import { SignIns } from './sign-ins.service.js';
import { StepUps } from './step-ups.service.js';
import { Tenants } from './tenants.service.js';
import { Users } from './users.service.js';

export const tenantEntities: readonly EntityClass[] = [
  Tenant,
  User,
  Member,
  Invitation,
  Session,
  RefreshToken,
  ServiceAccount,
  ApiToken,
  PasswordAttempt,
  PasswordReset,
  ResetRequest,
];

/** Injection token of the parameters of password hashes. */
export const PASSWORD_HASH_PARAMETERS = Symbol('password hash parameters');

/** Tenants, their members, and how people sign in. */
@Declares({
  errors: [passwordErrors, sessionErrors, tenantErrors, memberErrors, invitationErrors, accountErrors, apiTokenErrors],
  events: [
    tenantEvents,
    memberEvents,
    invitationEvents,
    userEvents,
    apiTokenEvents,
    serviceAccountEvents,
    sessionEvents,
  ],
  settings: [accountSettings],
})
@Module({
  imports: [
    TypeOrmModule.forFeature([...tenantEntities]),
    JwtModule.register({}),
    AuditModule,
    DatabaseModule,
    FactorsModule,
    MailModule,
    VaultModule,
  ],
  providers: [
    {
      provide: PasswordHasher,
      inject: [CpuQueue, PASSWORD_HASH_PARAMETERS],
      useFactory: (queue: CpuQueue, parameters: PasswordParameters) => new PasswordHasher({ queue, parameters }),
    },
    Access,
    AccountMails,
    AccountSecrets,
    ApiTokenExpiry,
    ApiTokens,
    EndedInvitations,
    FactorGuard,
    HistoryErasure,
    HistoryMonthExpiry,
    InvitationExpiry,
    Invitations,
    Members,
    PasswordAttemptExpiry,
    PasswordGuard,
    PasswordResetExpiry,
    PasswordResets,
    RefusedApiTokens,
    RefusedPasswords,
    RefreshTokenExpiry,
    ResetRequests,
    SecondFactors,
    ServiceAccounts,
    SessionExpiry,
    SessionKeys,
    {
      provide: SessionLimits,
      inject: [CONFIGURATION],
      useFactory: ({
        passwordSignIn,
        sessionIdleMinutes,
        sessionDays,
      }: SettingValues<typeof accountSettings>): SessionLimits => ({
        passwordSignIn,
        idle: sessionIdleMinutes * MINUTE,
        absolute: sessionDays * DAY,
      }),
    },
    SessionRenewals,
    SessionTokens,
    Sessions,
    SignIns,
    StepUps,
    Tenants,
    Users,
  ],
  exports: [
    Access,
    AccountSecrets,
    ApiTokens,
    HistoryErasure,
    Invitations,
    Members,
    PasswordResets,
    RefusedApiTokens,
    ResetRequests,
    SecondFactors,
    ServiceAccounts,
    SessionKeys,
    SessionRenewals,
    Sessions,
    SignIns,
    StepUps,
    Tenants,
    Users,
  ],
})
export class TenantsModule {}
