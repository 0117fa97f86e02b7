import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import { AcmeAccountInventory, AcmeBindings, acmeErrors } from '#acme';
import { authorityErrors } from '#certificates';
import type { Page, TenantScope } from '#core';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  AcmeAccount,
  AcmeAccountPage,
  AcmeAccountQuery,
  AcmeBinding,
  AcmeBindingPage,
  AcmeBindingWithKey,
  AcmeOrderOfAccount,
  AcmeOrderPage,
  NewAcmeBinding,
  presentAcmeAccount,
  presentAcmeBinding,
  presentAcmeBindingWithKey,
  presentAcmeOrder,
} from './acme.contract.js';
import { WithDryRun } from './dry-run.js';
import { PageQuery, presentPage } from './page.contract.js';

const { CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY } = authorityErrors;

/** By which ACME accounts are bound to a service (RFC 8555 §7.3.4). */
@ApiTags('ACME')
@Controller('v1/tenants/:tenantId/services/:serviceId/acme-bindings')
@Requires('acme:write')
export class AcmeBindingsController {
  constructor(private readonly bindings: AcmeBindings) {}

  @Post()
  @ApiOperation({ summary: 'Create a key that binds one ACME account to the service' })
  @Answers(201, AcmeBindingWithKey, 'The binding with its key, shown only once')
  @Fails(acmeErrors.ACME_BINDING_LIMIT_REACHED, CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY)
  async createAcmeBinding(
    @Param('serviceId') serviceId: string,
    @Body() body: NewAcmeBinding,
    @InScope() scope: TenantScope,
  ): Promise<AcmeBindingWithKey> {
    return answerOnce(scope, presentAcmeBindingWithKey, () => this.bindings.create(scope, { ...body, serviceId }));
  }

  @Get()
  @Requires('acme:read')
  @ApiOperation({ summary: 'List the ACME bindings of a service' })
  @Answers(200, AcmeBindingPage, 'One page, oldest first')
  async listAcmeBindings(
    @Param('serviceId') serviceId: string,
    @Query() page: PageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<AcmeBinding>> {
    return presentPage(await this.bindings.list(scope, serviceId, page), presentAcmeBinding);
  }

  @Delete(':acmeBindingId')
  @ApiOperation({ summary: 'Delete an ACME binding; an account that used it remains' })
  @WithDryRun('The binding is deleted; no account can use it')
  async deleteAcmeBinding(
    @Param('serviceId') serviceId: string,
    @Param('acmeBindingId') acmeBindingId: string,
    @InScope() scope: TenantScope,
  ): Promise<void> {
    await this.bindings.delete(scope, serviceId, acmeBindingId);
  }
}

/** The accounts of ACME clients. */
@ApiTags('ACME')
@Controller('v1/tenants/:tenantId/acme-accounts')
@Requires('acme:read')
export class AcmeAccountsOfTenantController {
  constructor(private readonly accounts: AcmeAccountInventory) {}

  @Get()
  @ApiOperation({ summary: 'List the ACME accounts of the tenant, or of a service' })
  @Answers(200, AcmeAccountPage, 'One page, oldest first')
  async listAcmeAccounts(
    @Query() { serviceId, ...page }: AcmeAccountQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<AcmeAccount>> {
    return presentPage(await this.accounts.list(scope, serviceId, page), presentAcmeAccount);
  }

  @Get(':acmeAccountId')
  @ApiOperation({ summary: 'Read an ACME account' })
  @Answers(200, AcmeAccount, 'The account')
  async getAcmeAccount(
    @Param('acmeAccountId') acmeAccountId: string,
    @InScope() scope: TenantScope,
  ): Promise<AcmeAccount> {
    return presentAcmeAccount(await this.accounts.get(scope, acmeAccountId));
  }

  @Post(':acmeAccountId/revoke')
  @Requires('acme:write')
  @ApiOperation({ summary: 'Revoke an ACME account: it can order no more certificates; existing ones remain' })
  @WithDryRun({ type: AcmeAccount, description: 'The revoked account' })
  async revokeAcmeAccount(
    @Param('acmeAccountId') acmeAccountId: string,
    @InScope() scope: TenantScope,
  ): Promise<AcmeAccount> {
    return answerOnce(scope, presentAcmeAccount, () => this.accounts.revoke(scope, acmeAccountId));
  }

  @Get(':acmeAccountId/orders')
  @ApiOperation({ summary: 'List the orders of an ACME account' })
  @Answers(200, AcmeOrderPage, 'One page, newest first')
  async listAcmeOrders(
    @Param('acmeAccountId') acmeAccountId: string,
    @Query() page: PageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<AcmeOrderOfAccount>> {
    return presentPage(await this.accounts.orders(scope, acmeAccountId, page), presentAcmeOrder);
  }
}
