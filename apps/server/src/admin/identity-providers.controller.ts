import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type Page, type PlatformScope, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { IdentityProviders, identityProviderErrors } from '#identity-providers';
import { issuerErrors } from '#issuers';
import { sessionErrors } from '#tenants';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { NotStored } from '../http/idempotency.guard.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import {
  IdentityProvider,
  IdentityProviderChange,
  IdentityProviderPage,
  IdentityProviderTest,
  NewIdentityProvider,
  presentProvider,
  presentTest,
} from './identity-providers.contract.js';
import { NamedPageQuery, presentPage } from './page.contract.js';
import { StepUp, accountStepUpErrors, stepUpErrors } from './step-up.contract.js';

const { IDENTITY_PROVIDER_LIMIT_REACHED } = identityProviderErrors;

/** OpenID Providers of a tenant. */
@ApiTags('Identity providers')
@Controller('v1/tenants/:tenantId/identity-providers')
@Requires('identity-providers:write')
export class IdentityProvidersController {
  constructor(private readonly providers: IdentityProviders) {}

  @Post()
  @ApiOperation({ summary: "Create an identity provider through which the tenant's members sign in" })
  @Answers(201, IdentityProvider, 'The identity provider')
  @Fails(IDENTITY_PROVIDER_LIMIT_REACHED, ...stepUpErrors, coreErrors.BUSY)
  async createIdentityProvider(
    @Body() { password, ...request }: NewIdentityProvider,
    @InScope() scope: TenantScope,
  ): Promise<IdentityProvider> {
    return answerOnce(scope, presentProvider, () => this.providers.create(scope, request, password));
  }

  @Get()
  @Requires('identity-providers:read')
  @ApiOperation({ summary: 'List the identity providers of the tenant' })
  @Answers(200, IdentityProviderPage, 'One page, oldest first')
  async listIdentityProviders(
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<IdentityProvider>> {
    return presentPage(await this.providers.list(scope, name, page), presentProvider);
  }

  @Get(':identityProviderId')
  @Requires('identity-providers:read')
  @ApiOperation({ summary: 'Read an identity provider of the tenant' })
  @Answers(200, IdentityProvider, 'The identity provider')
  async getIdentityProvider(
    @Param('identityProviderId') id: string,
    @InScope() scope: TenantScope,
  ): Promise<IdentityProvider> {
    return presentProvider(await this.providers.get(scope, id));
  }

  @Patch(':identityProviderId')
  @ApiOperation({ summary: 'Change an identity provider of the tenant, except its issuer and client' })
  @Answers(200, IdentityProvider, 'The updated identity provider')
  @Fails(...stepUpErrors, coreErrors.BUSY, sessionErrors.MEMBERS_WITHOUT_COMPANY_SIGN_IN)
  async changeIdentityProvider(
    @Param('identityProviderId') id: string,
    @Body() { password, ...change }: IdentityProviderChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<IdentityProvider> {
    return presentProvider(await this.providers.change(scope, id, change, password, ifMatch));
  }

  @Delete(':identityProviderId')
  @ApiOperation({ summary: 'Delete an identity provider of the tenant; the sessions that it started end' })
  @WithDryRun('The identity provider is deleted; sign-ins through it are rejected')
  @Fails(...stepUpErrors, coreErrors.BUSY, sessionErrors.MEMBERS_WITHOUT_COMPANY_SIGN_IN)
  async deleteIdentityProvider(
    @Param('identityProviderId') id: string,
    @Body() { password }: StepUp,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.providers.delete(scope, id, password, ifMatch);
  }

  @Post(':identityProviderId/test')
  @NotStored()
  @ApiOperation({ summary: 'Test an identity provider of the tenant: reads its metadata, changes nothing' })
  @Answers(200, IdentityProviderTest, "The provider's metadata")
  @Fails(issuerErrors.ISSUER_UNUSABLE)
  async testIdentityProvider(
    @Param('identityProviderId') id: string,
    @InScope() scope: TenantScope,
  ): Promise<IdentityProviderTest> {
    return presentTest(await this.providers.test(scope, id));
  }
}

/** OpenID Providers of the installation. */
@ApiTags('Identity providers')
@Controller('v1/platform/identity-providers')
@Requires('platform-identity-providers:manage')
export class PlatformIdentityProvidersController {
  constructor(private readonly providers: IdentityProviders) {}

  @Post()
  @ApiOperation({ summary: 'Create an identity provider of the installation' })
  @Answers(201, IdentityProvider, 'The identity provider')
  @Fails(IDENTITY_PROVIDER_LIMIT_REACHED, ...accountStepUpErrors, coreErrors.BUSY)
  async createPlatformIdentityProvider(
    @Body() { password, ...request }: NewIdentityProvider,
    @OnPlatform() scope: PlatformScope,
  ): Promise<IdentityProvider> {
    return answerOnce(scope, presentProvider, () => this.providers.create(scope, request, password));
  }

  @Get()
  @ApiOperation({ summary: 'List the identity providers of the installation' })
  @Answers(200, IdentityProviderPage, 'One page, oldest first')
  async listPlatformIdentityProviders(
    @Query() { name, ...page }: NamedPageQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<Page<IdentityProvider>> {
    return presentPage(await this.providers.list(scope, name, page), presentProvider);
  }

  @Get(':identityProviderId')
  @ApiOperation({ summary: 'Read an identity provider of the installation' })
  @Answers(200, IdentityProvider, 'The identity provider')
  async getPlatformIdentityProvider(
    @Param('identityProviderId') id: string,
    @OnPlatform() scope: PlatformScope,
  ): Promise<IdentityProvider> {
    return presentProvider(await this.providers.get(scope, id));
  }

  @Patch(':identityProviderId')
  @ApiOperation({ summary: 'Change an identity provider of the installation, except its issuer and client' })
  @Answers(200, IdentityProvider, 'The updated identity provider')
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async changePlatformIdentityProvider(
    @Param('identityProviderId') id: string,
    @Body() { password, ...change }: IdentityProviderChange,
    @OnPlatform() scope: PlatformScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<IdentityProvider> {
    return presentProvider(await this.providers.change(scope, id, change, password, ifMatch));
  }

  @Delete(':identityProviderId')
  @ApiOperation({ summary: 'Delete an identity provider of the installation; the sessions that it started end' })
  @WithDryRun('The identity provider is deleted; sign-ins through it are rejected')
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async deletePlatformIdentityProvider(
    @Param('identityProviderId') id: string,
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.providers.delete(scope, id, password, ifMatch);
  }

  @Post(':identityProviderId/test')
  @NotStored()
  @ApiOperation({ summary: 'Test an identity provider of the installation: reads its metadata, changes nothing' })
  @Answers(200, IdentityProviderTest, "The provider's metadata")
  @Fails(issuerErrors.ISSUER_UNUSABLE)
  async testPlatformIdentityProvider(
    @Param('identityProviderId') id: string,
    @OnPlatform() scope: PlatformScope,
  ): Promise<IdentityProviderTest> {
    return presentTest(await this.providers.test(scope, id));
  }
}
