import { Module } from '@nestjs/common';

import { AcmeModule } from '#acme';
import { CertificatesModule } from '#certificates';
import { KeysModule } from '#keys';
import { LicensingModule } from '#licensing';
import { ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';
import { TenantsModule } from '#tenants';

import { ShellModule } from '../shell.module.js';
import { AcmeAccountsController } from './acme/acme-accounts.controller.js';
import { AcmeAnswers } from './acme/acme-answers.js';
import { OwnAcmeBindingsController } from './acme/acme-bindings.controller.js';
import { AcmeOrdersController } from './acme/acme-orders.controller.js';
import { AcmeRenewalsController } from './acme/acme-renewals.controller.js';
import { CallerController } from './caller.controller.js';
import { OwnCertificatesController } from './certificates.controller.js';
import { JwksController } from './jwks.controller.js';
import { LicensingController } from './licensing.controller.js';
import { PkiController } from './pki.controller.js';
import { SystemUserTokensController } from './system-user-tokens.controller.js';
import { TenantNames } from './tenant-names.js';
import { TokenController } from './token.controller.js';
import { TokenExchangeController } from './token-exchange.controller.js';
import { TransactionsController } from './transactions.controller.js';
import { UserTokensController } from './user-tokens.controller.js';
import { PublishedKeys } from './published-keys.js';

/** The role `signing`: the API for services and the public API. */
@Module({
  imports: [
    AcmeModule,
    CertificatesModule,
    KeysModule,
    LicensingModule,
    ServiceKeysModule,
    ShellModule,
    SigningModule,
    TenantsModule,
  ],
  controllers: [
    TokenController,
    TokenExchangeController,
    CallerController,
    TransactionsController,
    SystemUserTokensController,
    UserTokensController,
    LicensingController,
    OwnCertificatesController,
    JwksController,
    PkiController,
    AcmeAccountsController,
    AcmeOrdersController,
    AcmeRenewalsController,
    OwnAcmeBindingsController,
  ],
  providers: [AcmeAnswers, PublishedKeys, TenantNames],
})
export class SigningApiModule {}
