import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type Page, type PlatformScope, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { IdentityProviders } from '#identity-providers';
import {
  Access,
  Invitations,
  Tenants,
  accountErrors,
  invitationErrors,
  memberErrors,
  sessionErrors,
  tenantErrors,
} from '#tenants';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { InvitationWithToken, presentWithToken } from './invitations.contract.js';
import { PageQuery, presentPage } from './page.contract.js';
import { stepUpErrors } from './step-up.contract.js';
import {
  NewOwnerInvitation,
  NewTenant,
  Tenant,
  TenantChange,
  TenantDeletion,
  TenantPage,
  presentTenant,
} from './tenants.contract.js';

@ApiTags('Tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly access: Access,
    private readonly invitations: Invitations,
    private readonly providers: IdentityProviders,
  ) {}

  @Post()
  @Requires('tenants:manage')
  @ApiOperation({ summary: 'Create a tenant, with its first owner if one is named' })
  @Answers(201, Tenant, 'The new tenant')
  @Fails(tenantErrors.SLUG_TAKEN, accountErrors.USER_EXISTS, coreErrors.BUSY)
  async createTenant(@Body() body: NewTenant, @OnPlatform() scope: PlatformScope): Promise<Tenant> {
    return answerOnce(scope, presentTenant, () => this.tenants.create(scope, body));
  }

  @Get()
  @Requires('tenants:list')
  @ApiOperation({ summary: 'List the tenants of the installation' })
  @Answers(200, TenantPage, 'One page, oldest first')
  async listTenants(@Query() query: PageQuery, @OnPlatform() scope: PlatformScope): Promise<Page<Tenant>> {
    return presentPage(await this.tenants.list(scope, query), presentTenant);
  }

  @Get(':tenantId')
  @Requires('tenant:read')
  @ApiOperation({ summary: 'Read the tenant and its settings' })
  @Answers(200, Tenant, 'The tenant')
  async getTenant(@InScope() scope: TenantScope): Promise<Tenant> {
    return presentTenant(await this.tenants.get(scope));
  }

  @Patch(':tenantId')
  @Requires('tenant:write')
  @ApiOperation({ summary: "Change the tenant's name and settings" })
  @Answers(200, Tenant, 'The updated tenant')
  @Fails(...stepUpErrors, sessionErrors.COMPANY_SIGN_IN_UNPROVEN, sessionErrors.MEMBERS_WITHOUT_COMPANY_SIGN_IN)
  async changeTenant(
    @Body() body: TenantChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Tenant> {
    return presentTenant(await this.tenants.change(scope, body, ifMatch, await this.providers.requireSignIns()));
  }

  @Post(':tenantId/suspend')
  @Requires('tenants:manage')
  @ApiOperation({
    summary: 'Suspend a tenant: its members and services are rejected; its public keys remain available',
  })
  @Answers(200, Tenant, 'The suspended tenant')
  @Fails(coreErrors.WRONG_STATE)
  async suspendTenant(@Param('tenantId') tenant: string, @OnPlatform() scope: PlatformScope): Promise<Tenant> {
    return answerOnce(scope, presentTenant, async () =>
      this.tenants.suspend(scope, await this.access.tenantId(scope, tenant)),
    );
  }

  @Post(':tenantId/reactivate')
  @Requires('tenants:manage')
  @ApiOperation({ summary: 'Reactivate a suspended tenant' })
  @Answers(200, Tenant, 'The active tenant')
  @Fails(coreErrors.WRONG_STATE)
  async reactivateTenant(@Param('tenantId') tenant: string, @OnPlatform() scope: PlatformScope): Promise<Tenant> {
    return answerOnce(scope, presentTenant, async () =>
      this.tenants.reactivate(scope, await this.access.tenantId(scope, tenant)),
    );
  }

  @Post(':tenantId/owner-invitation')
  @Requires('tenants:manage')
  @ApiOperation({ summary: 'Invite the owner of a tenant that has none' })
  @Answers(202, InvitationWithToken, 'The invitation with its token, shown only once')
  @Fails(
    tenantErrors.TENANT_HAS_OWNER,
    memberErrors.ALREADY_MEMBER,
    invitationErrors.INVITATION_LIMIT_REACHED,
    invitationErrors.INVITATION_MAILS_TOO_FREQUENT,
  )
  async inviteOwner(
    @Param('tenantId') tenant: string,
    @Body() { email }: NewOwnerInvitation,
    @OnPlatform() scope: PlatformScope,
  ): Promise<InvitationWithToken> {
    const tenantId = await this.access.tenantId(scope, tenant);
    return answerOnce(scope, presentWithToken, () => this.invitations.inviteOwner(scope, tenantId, email));
  }

  @Delete(':tenantId')
  @Requires('tenants:manage')
  @ApiOperation({ summary: 'Delete a tenant: destroys its data key and thereby all its secrets; its history remains' })
  @WithDryRun('The tenant is deleted')
  @Fails(...stepUpErrors, tenantErrors.CONFIRMATION_MISMATCH, coreErrors.WRONG_STATE, coreErrors.BUSY)
  async deleteTenant(
    @Param('tenantId') tenant: string,
    @Body() { password, confirm }: TenantDeletion,
    @OnPlatform() scope: PlatformScope,
  ): Promise<void> {
    await this.tenants.delete(scope, await this.access.tenantId(scope, tenant), { password, confirm });
  }
}
