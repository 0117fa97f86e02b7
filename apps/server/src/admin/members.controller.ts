import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Page, type TenantScope, coreErrors } from '#core';
import { Members, memberErrors, tenantErrors } from '#tenants';
import { answerOnce } from '../http/answer-once.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { Member, MemberChange, MemberPage, NewMember, presentMember } from './members.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

@ApiTags('Members')
@Controller('v1/tenants/:tenantId/members')
@Requires('members:write')
export class MembersController {
  constructor(private readonly members: Members) {}

  @Post()
  @ApiOperation({ summary: 'Add a user as a member' })
  @ApiCreatedResponse({ type: Member, description: 'The new member' })
  @Fails(
    tenantErrors.TENANT_SUSPENDED,
    memberErrors.ROLE_NOT_GRANTABLE,
    memberErrors.ALREADY_MEMBER,
    memberErrors.USER_EXISTS,
    coreErrors.BUSY,
  )
  async addMember(@Body() body: NewMember, @InScope() scope: TenantScope): Promise<Member> {
    return answerOnce(scope, presentMember, () => this.members.add(scope, body));
  }

  @Get()
  @Requires('members:read')
  @ApiOperation({ summary: 'List the members' })
  @ApiOkResponse({ type: MemberPage, description: 'One page, oldest membership first' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async listMembers(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<Member>> {
    return presentPage(await this.members.list(scope, query), presentMember);
  }

  @Patch(':userId')
  @ApiOperation({ summary: "Change a member's role" })
  @ApiOkResponse({ type: Member, description: 'The updated member' })
  @Fails(tenantErrors.TENANT_SUSPENDED, memberErrors.ROLE_NOT_GRANTABLE, memberErrors.LAST_OWNER)
  async changeMember(
    @Param('userId') userId: string,
    @Body() { role }: MemberChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: number | undefined,
  ): Promise<Member> {
    return presentMember(await this.members.changeRole(scope, userId, role, ifMatch));
  }

  @Delete(':userId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a member; the user stays a user' })
  @ApiNoContentResponse({ description: 'The user is no member any more' })
  @Fails(tenantErrors.TENANT_SUSPENDED, memberErrors.ROLE_NOT_GRANTABLE, memberErrors.LAST_OWNER)
  async removeMember(
    @Param('userId') userId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: number | undefined,
  ): Promise<void> {
    await this.members.remove(scope, userId, ifMatch);
  }
}
