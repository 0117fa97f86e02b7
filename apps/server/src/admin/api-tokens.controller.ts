import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type Page, type TenantScope, coreErrors } from '#core';
import { ApiTokens, ServiceAccounts, apiTokenErrors, memberErrors } from '#tenants';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  ApiToken,
  ApiTokenPage,
  ApiTokenWithSecret,
  NewApiToken,
  NewServiceAccount,
  ServiceAccount,
  ServiceAccountPage,
  presentApiToken,
  presentApiTokenWithSecret,
  presentServiceAccount,
} from './api-tokens.contract.js';
import { WithDryRun } from './dry-run.js';
import { NamedPageQuery, presentPage } from './page.contract.js';
import { stepUpErrors } from './step-up.contract.js';
const { API_TOKEN_LIMIT_REACHED, SERVICE_ACCOUNT_LIMIT_REACHED, SERVICE_ACCOUNT_NAME_TAKEN } = apiTokenErrors;

@ApiTags('API tokens')
@Controller('v1/tenants/:tenantId/api-tokens')
@Requires('api-tokens:self')
export class ApiTokensController {
  constructor(private readonly apiTokens: ApiTokens) {}

  @Post()
  @ApiOperation({ summary: 'Create an API token that acts as you, with fewer permissions' })
  @Answers(201, ApiTokenWithSecret, 'The API token with its secret, shown only once')
  @Fails(API_TOKEN_LIMIT_REACHED, ...stepUpErrors, coreErrors.BUSY)
  async createApiToken(
    @Body() { password, ...request }: NewApiToken,
    @InScope() scope: TenantScope,
  ): Promise<ApiTokenWithSecret> {
    return answerOnce(scope, presentApiTokenWithSecret, () => this.apiTokens.create(scope, request, password));
  }

  @Get()
  @ApiOperation({ summary: 'List your API tokens; owners see all API tokens of the tenant' })
  @Answers(200, ApiTokenPage, 'One page, newest first')
  async listApiTokens(
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<ApiToken>> {
    return presentPage(await this.apiTokens.list(scope, name, page), presentApiToken);
  }

  @Delete(':apiTokenId')
  @ApiOperation({ summary: 'Revoke one of your API tokens; owners can revoke any API token of the tenant' })
  @WithDryRun('The API token is rejected on every instance')
  async revokeApiToken(@Param('apiTokenId') apiTokenId: string, @InScope() scope: TenantScope): Promise<void> {
    await this.apiTokens.revoke(scope, apiTokenId);
  }
}

@ApiTags('API tokens')
@Controller('v1/tenants/:tenantId/service-accounts')
@Requires('service-accounts:write')
export class ServiceAccountsController {
  constructor(
    private readonly accounts: ServiceAccounts,
    private readonly apiTokens: ApiTokens,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a service account: automation with a role, and no password' })
  @Answers(201, ServiceAccount, 'The service account')
  @Fails(memberErrors.ROLE_NOT_GRANTABLE, SERVICE_ACCOUNT_NAME_TAKEN, SERVICE_ACCOUNT_LIMIT_REACHED)
  async createServiceAccount(@Body() body: NewServiceAccount, @InScope() scope: TenantScope): Promise<ServiceAccount> {
    return answerOnce(scope, presentServiceAccount, () => this.accounts.create(scope, body));
  }

  @Get()
  @Requires('service-accounts:read')
  @ApiOperation({ summary: 'List the service accounts' })
  @Answers(200, ServiceAccountPage, 'One page, oldest first')
  async listServiceAccounts(
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<ServiceAccount>> {
    return presentPage(await this.accounts.list(scope, name, page), presentServiceAccount);
  }

  @Delete(':serviceAccountId')
  @ApiOperation({ summary: 'Delete a service account; its API tokens are rejected' })
  @WithDryRun('The service account is deleted')
  async deleteServiceAccount(
    @Param('serviceAccountId') serviceAccountId: string,
    @InScope() scope: TenantScope,
  ): Promise<void> {
    await this.accounts.delete(scope, serviceAccountId);
  }

  @Post(':serviceAccountId/api-tokens')
  @ApiOperation({ summary: 'Create an API token of a service account' })
  @Answers(201, ApiTokenWithSecret, 'The API token with its secret, shown only once')
  @Fails(API_TOKEN_LIMIT_REACHED, ...stepUpErrors, coreErrors.BUSY)
  async createTokenOfAccount(
    @Param('serviceAccountId') serviceAccountId: string,
    @Body() { password, ...request }: NewApiToken,
    @InScope() scope: TenantScope,
  ): Promise<ApiTokenWithSecret> {
    return answerOnce(scope, presentApiTokenWithSecret, () =>
      this.apiTokens.createForAccount(scope, serviceAccountId, request, password),
    );
  }
}
