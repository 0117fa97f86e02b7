import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AuditModule } from '#audit';
import { CertificatesModule } from '#certificates';
import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { VaultModule } from '#vault';

import { AcmeAccountInventory } from './account-inventory.service.js';
import { AcmeAccounts } from './accounts.service.js';
import { AcmeAuthorizations } from './authorizations.service.js';
import { AcmeBindings } from './bindings.service.js';
import { AcmeAccount, AcmeAuthorization, AcmeBinding, AcmeNonce, AcmeOrder } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeAccountEvents, acmeAuthorizationEvents, acmeBindingEvents, acmeOrderEvents } from './events.js';
import { Nonces } from './nonces.service.js';
import { AcmeOrders } from './orders.service.js';
import {
  AcmeAccountPurge,
  AcmeAuthorizationPurge,
  AcmeBindingPurge,
  AcmeCertifiedOrderPurge,
  AcmeNoncePurge,
  AcmeOrderPurge,
} from './purges.js';
import { RefusedAcmeRequests } from './refused-requests.service.js';
import { RenewalInfo } from './renewal-info.service.js';
import { Replacements } from './replacements.service.js';
import { AcmeRequests } from './requests.service.js';
import { AcmeRevocations } from './revocations.service.js';
import { acmeSettings } from './settings.js';
import { AcmeValidations } from './validations.service.js';

const acmeEntities: readonly EntityClass[] = [AcmeBinding, AcmeAccount, AcmeOrder, AcmeAuthorization, AcmeNonce];

/** An ACME server for each certificate authority (RFC 8555). */
@Declares({
  errors: [acmeErrors],
  events: [acmeBindingEvents, acmeAccountEvents, acmeOrderEvents, acmeAuthorizationEvents],
  settings: [acmeSettings],
})
@Module({
  imports: [TypeOrmModule.forFeature([...acmeEntities]), AuditModule, CertificatesModule, DatabaseModule, VaultModule],
  providers: [
    AcmeAccountInventory,
    AcmeAccountPurge,
    AcmeAccounts,
    AcmeAuthorizationPurge,
    AcmeAuthorizations,
    AcmeBindingPurge,
    AcmeBindings,
    AcmeCertifiedOrderPurge,
    AcmeNoncePurge,
    AcmeOrderPurge,
    AcmeOrders,
    AcmeRequests,
    AcmeRevocations,
    AcmeValidations,
    Nonces,
    RefusedAcmeRequests,
    RenewalInfo,
    Replacements,
  ],
  exports: [
    AcmeAccountInventory,
    AcmeAccounts,
    AcmeAuthorizations,
    AcmeBindings,
    AcmeOrders,
    AcmeRequests,
    AcmeRevocations,
    AcmeValidations,
    Nonces,
    RefusedAcmeRequests,
    RenewalInfo,
  ],
})
export class AcmeModule {}
