import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import {
  Invitations,
  Members,
  PasswordResets,
  SecondFactors,
  SessionRenewals,
  accountErrors,
  invitationErrors,
  memberErrors,
} from '#tenants';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Requires } from '../http/requires.js';
import { StartedReset, presentReset } from './auth.contract.js';
import { WithDryRun } from './dry-run.js';
import { InvitationWithToken, presentWithToken } from './invitations.contract.js';
import { DryRunQuery } from './dry-run.contract.js';
import {
  Member,
  MemberChange,
  MemberPage,
  MemberRemovalDryRun,
  NewMember,
  presentMember,
  presentMemberRemoval,
} from './members.contract.js';
import { PageQuery, presentPage } from './page.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

@ApiTags('Members')
@Controller('v1/tenants/:tenantId/members')
@Requires('members:write')
export class MembersController {
  constructor(
    private readonly members: Members,
    private readonly invitations: Invitations,
    private readonly resets: PasswordResets,
    private readonly renewals: SessionRenewals,
    private readonly factors: SecondFactors,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Invite a person as a member' })
  @Answers(
    202,
    InvitationWithToken,
    'The invitation with its token, shown only once; the same whether or not the address has an account',
  )
  @Fails(
    memberErrors.ROLE_NOT_GRANTABLE,
    memberErrors.ALREADY_MEMBER,
    invitationErrors.INVITATION_LIMIT_REACHED,
    invitationErrors.INVITATION_MAILS_TOO_FREQUENT,
  )
  async inviteMember(@Body() body: NewMember, @InScope() scope: TenantScope): Promise<InvitationWithToken> {
    return answerOnce(scope, presentWithToken, () => this.invitations.create(scope, body));
  }

  @Get()
  @Requires('members:read')
  @ApiOperation({ summary: 'List the members' })
  @Answers(200, MemberPage, 'One page, oldest membership first')
  async listMembers(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<Member>> {
    return presentPage(await this.members.list(scope, query), presentMember);
  }

  @Patch(':userId')
  @ApiOperation({ summary: "Change a member's role" })
  @Answers(200, Member, 'The updated member')
  @Fails(memberErrors.ROLE_NOT_GRANTABLE, memberErrors.LAST_OWNER)
  async changeMember(
    @Param('userId') userId: string,
    @Body() { role }: MemberChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Member> {
    return presentMember(await this.members.changeRole(scope, userId, role, ifMatch));
  }

  @Delete(':userId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a member; the account remains' })
  @ApiNoContentResponse({ description: 'The user is no longer a member' })
  @ApiOkResponse({ type: MemberRemovalDryRun, description: 'With `dryRun=true`: the effect' })
  @Fails(memberErrors.ROLE_NOT_GRANTABLE, memberErrors.LAST_OWNER)
  async removeMember(
    @Param('userId') userId: string,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemberRemovalDryRun | void> {
    if (!dryRun) return this.members.remove(scope, userId, ifMatch);
    reply.status(200);
    return presentMemberRemoval(await this.members.dryRunOfRemoval(scope, userId));
  }

  @Delete(':userId/sessions')
  @ApiOperation({ summary: 'End every session of a member, on all instances' })
  @WithDryRun('The sessions have ended')
  @Fails(memberErrors.ROLE_NOT_GRANTABLE)
  async endSessions(@Param('userId') userId: string, @InScope() scope: TenantScope): Promise<void> {
    await this.renewals.endOfMember(scope, userId);
  }

  @Post(':userId/reset')
  @Requires('members:recover')
  @ApiOperation({ summary: 'Start the password reset of a member whose account only this tenant knows' })
  @Answers(201, StartedReset, 'The token for the member, shown only once')
  @Fails(accountErrors.ACCOUNT_NOT_OF_TENANT, ...stepUpErrors, coreErrors.BUSY)
  async resetMember(
    @Param('userId') userId: string,
    @Body() { password }: StepUp,
    @InScope() scope: TenantScope,
  ): Promise<StartedReset> {
    return answerOnce(scope, presentReset, () => this.resets.startForMember(scope, userId, password));
  }

  @Delete(':userId/factors')
  @Requires('members:recover')
  @ApiOperation({ summary: 'Delete the second factors of a member whose account only this tenant knows' })
  @WithDryRun('The member can sign in with the password alone; all sessions ended')
  @Fails(accountErrors.ACCOUNT_NOT_OF_TENANT, ...stepUpErrors, coreErrors.BUSY)
  async resetMemberFactors(
    @Param('userId') userId: string,
    @Body() { password }: StepUp,
    @InScope() scope: TenantScope,
  ): Promise<void> {
    await this.factors.resetOfMember(scope, userId, password);
  }
}
