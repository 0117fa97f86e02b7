import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AuditModule } from '#audit';
import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { IssuersModule } from '#issuers';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import { Identity, IdentityProvider, ProviderSignIn } from './entities.js';
import { identityProviderErrors } from './errors.js';
import { identityProviderEvents } from './events.js';
import { IdentityProviders } from './identity-providers.service.js';
import { ProviderAccounts } from './provider-accounts.js';
import { ProviderClient } from './provider-client.js';
import { ProviderSignIns } from './provider-sign-ins.service.js';
import { ProviderSignInExpiry } from './sign-in-expiry.js';

const identityProviderEntities: readonly EntityClass[] = [IdentityProvider, Identity, ProviderSignIn];

/** Sign-in with the identity of the company, by OpenID Connect. */
@Declares({ errors: [identityProviderErrors], events: [identityProviderEvents] })
@Module({
  imports: [
    TypeOrmModule.forFeature([...identityProviderEntities]),
    AuditModule,
    DatabaseModule,
    IssuersModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [IdentityProviders, ProviderAccounts, ProviderClient, ProviderSignInExpiry, ProviderSignIns],
  exports: [IdentityProviders, ProviderSignIns],
})
export class IdentityProvidersModule {}
