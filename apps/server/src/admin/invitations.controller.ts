import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import {
  type InputError,
  type Page,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { IdentityProviders } from '#identity-providers';
import { Invitations, accountErrors, invitationErrors, memberErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { Facts, InScope, type RequestFacts, SignedInScope } from '../http/in-scope.js';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { NotStored } from '../http/idempotency.guard.js';
import { RateLimited } from '../http/rate-limit.js';
import { PublicOrSignedIn, Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import {
  AcceptedMembership,
  Invitation,
  InvitationAcceptance,
  InvitationPage,
  InvitationWithToken,
  presentInvitation,
  presentMembership,
  presentWithToken,
} from './invitations.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

@ApiTags('Members')
@Controller('v1/tenants/:tenantId/invitations')
@Requires('members:write')
export class InvitationsController {
  constructor(private readonly invitations: Invitations) {}

  @Get()
  @Requires('members:read')
  @ApiOperation({ summary: 'List the invitations' })
  @Answers(200, InvitationPage, 'One page, newest first')
  async listInvitations(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<Invitation>> {
    return presentPage(await this.invitations.list(scope, query), presentInvitation);
  }

  @Post(':invitationId/resend')
  @ApiOperation({ summary: 'Create a new token for a pending invitation, valid for seven days; the previous one ends' })
  @Answers(202, InvitationWithToken, 'The invitation with its new token, shown only once')
  @Fails(memberErrors.ROLE_NOT_GRANTABLE, coreErrors.WRONG_STATE, invitationErrors.INVITATION_MAILS_TOO_FREQUENT)
  async resendInvitation(
    @Param('invitationId') invitationId: string,
    @InScope() scope: TenantScope,
  ): Promise<InvitationWithToken> {
    return answerOnce(scope, presentWithToken, () => this.invitations.resend(scope, invitationId));
  }

  @Delete(':invitationId')
  @ApiOperation({ summary: 'Withdraw a pending invitation' })
  @WithDryRun('The invitation can no longer be accepted')
  @Fails(memberErrors.ROLE_NOT_GRANTABLE, coreErrors.WRONG_STATE)
  async withdrawInvitation(@Param('invitationId') invitationId: string, @InScope() scope: TenantScope): Promise<void> {
    await this.invitations.withdraw(scope, invitationId);
  }
}

@ApiTags('Members')
@Controller('v1/invitations')
export class InvitationAcceptanceController {
  constructor(
    private readonly invitations: Invitations,
    private readonly providers: IdentityProviders,
  ) {}

  @Post('accept')
  @PublicOrSignedIn('session:self')
  @RateLimited('login')
  @NotStored()
  @ApiOperation({
    summary: 'Accept an invitation: with a session as that user, or without one by choosing a name and a password',
  })
  @Answers(201, AcceptedMembership, 'The new membership')
  @Fails(
    invitationErrors.INVITATION_INVALID,
    invitationErrors.INVITATION_NOT_YOURS,
    accountErrors.ACCOUNT_EXISTS,
    memberErrors.ALREADY_MEMBER,
    coreErrors.BUSY,
  )
  async acceptInvitation(
    @Body() { token, name, password }: InvitationAcceptance,
    @SignedInScope() signedIn: PlatformScope | undefined,
    @Facts() facts: RequestFacts,
  ): Promise<AcceptedMembership> {
    if (signedIn) {
      requireAbsent({ name, password });
      return presentMembership(await this.invitations.acceptAs(signedIn, token));
    }
    if (name === undefined || password === undefined) throw missing({ name, password });
    const scope = platformScope({ ...systemOrigin('invitation'), ...facts });
    const accepted = await this.invitations.acceptAsNew(scope, token, { name, password }, (view, tenantId) =>
      this.providers.hasEnabled(view, tenantId),
    );
    return presentMembership(accepted);
  }
}

type AccountFields = Readonly<Record<'name' | 'password', string | undefined>>;

const missing = (fields: AccountFields): Error =>
  coreErrors.VALIDATION_ERROR({
    errors: Object.entries(fields).flatMap(([field, value]): InputError[] =>
      value === undefined
        ? [{ pointer: `/${field}`, code: 'REQUIRED', detail: 'needed by a person without a session' }]
        : [],
    ),
  });

function requireAbsent(fields: AccountFields): void {
  const errors = Object.entries(fields).flatMap(([field, value]): InputError[] =>
    value === undefined ? [] : [{ pointer: `/${field}`, code: 'NOT_ALLOWED', detail: 'a user with a session has one' }],
  );
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}
