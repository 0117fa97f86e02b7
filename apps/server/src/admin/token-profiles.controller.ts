import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';

import type { FastifyReply } from 'fastify';

import { certificateErrors } from '#certificates';
import { type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { keyErrors } from '#keys';
import { TokenProfiles, profileErrors } from '#signing';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { presentPage } from './page.contract.js';
import { DryRunQuery } from './dry-run.contract.js';
import { ForcedAction, stepUpErrors } from './step-up.contract.js';
import {
  SystemUserTokenRequest,
  TokenProfileAnswer,
  TokenProfileChangeRequest,
  TokenProfileDeletionDryRun,
  TokenProfilePage,
  TokenProfileQuery,
  TokenProfileRequest,
  presentDeletionDryRun,
  presentTokenProfile,
  toNewProfile,
  toProfileChange,
} from './token-profiles.contract.js';

const ProfileName = (): MethodDecorator =>
  ApiParam({ name: 'name', description: 'Name of the token profile', example: 'partner-api' });

/** Errors about the key or certificate of a profile. */
const referenceErrors = [
  profileErrors.KEY_DOES_NOT_SUIT_FORMAT,
  keyErrors.KEY_NOT_USABLE,
  profileErrors.CERTIFICATE_NOT_USABLE,
  certificateErrors.KEY_NOT_OF_CERTIFICATE,
];

/** Token profiles. */
@Controller('v1/tenants/:tenantId/token-profiles')
@ApiTags('Token profiles')
export class TokenProfilesController {
  constructor(private readonly profiles: TokenProfiles) {}

  @Post()
  @Requires('token-profiles:write')
  @ApiOperation({ operationId: 'createTokenProfile', summary: 'Create a token profile' })
  @Answers(201, TokenProfileAnswer, 'The profile')
  @Fails(profileErrors.PROFILE_NAME_TAKEN, ...referenceErrors)
  async create(@InScope() scope: TenantScope, @Body() request: TokenProfileRequest): Promise<TokenProfileAnswer> {
    return answerOnce(scope, presentTokenProfile, () => this.profiles.create(scope, toNewProfile(request)));
  }

  @Get()
  @Requires('token-profiles:read')
  @ApiOperation({ operationId: 'listTokenProfiles', summary: 'List the token profiles' })
  @Answers(200, TokenProfilePage, 'One page, oldest first')
  async list(
    @InScope() scope: TenantScope,
    @Query() { limit, cursor, ...selection }: TokenProfileQuery,
  ): Promise<TokenProfilePage> {
    return presentPage(await this.profiles.list(scope, selection, { limit, cursor }), presentTokenProfile);
  }

  @Get(':name')
  @Requires('token-profiles:read')
  @ProfileName()
  @ApiOperation({ operationId: 'getTokenProfile', summary: 'Read a token profile' })
  @Answers(200, TokenProfileAnswer, 'The profile')
  async get(@InScope() scope: TenantScope, @Param('name') name: string): Promise<TokenProfileAnswer> {
    return presentTokenProfile(await this.profiles.get(scope, name));
  }

  @Patch(':name')
  @Requires('token-profiles:write')
  @ProfileName()
  @ApiOperation({ operationId: 'changeTokenProfile', summary: 'Change a token profile' })
  @Answers(200, TokenProfileAnswer, 'The profile')
  @Fails(...referenceErrors)
  async change(
    @InScope() scope: TenantScope,
    @Param('name') name: string,
    @Body() request: TokenProfileChangeRequest,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<TokenProfileAnswer> {
    return presentTokenProfile(await this.profiles.change(scope, name, toProfileChange(request), ifMatch));
  }

  /** The token itself is never shown again; `hasSystemUserToken` says that there is one. */
  @Put(':name/system-user-token')
  @Requires('token-profiles:write')
  @ProfileName()
  @ApiOperation({ operationId: 'storeSystemUserToken', summary: 'Store the system user token that a profile signs' })
  @Answers(200, TokenProfileAnswer, 'The profile')
  @Fails(coreErrors.WRONG_STATE)
  async storeSystemUserToken(
    @InScope() scope: TenantScope,
    @Param('name') name: string,
    @Body() { systemUserToken }: SystemUserTokenRequest,
  ): Promise<TokenProfileAnswer> {
    return presentTokenProfile(await this.profiles.storeSystemUserToken(scope, name, systemUserToken));
  }

  @Delete(':name/system-user-token')
  @Requires('token-profiles:write')
  @ProfileName()
  @ApiOperation({ operationId: 'removeSystemUserToken', summary: 'Remove the stored system user token of a profile' })
  @WithDryRun('The token is removed; services must send it again')
  @Fails(coreErrors.WRONG_STATE)
  async removeSystemUserToken(@InScope() scope: TenantScope, @Param('name') name: string): Promise<void> {
    await this.profiles.storeSystemUserToken(scope, name, null);
  }

  @Delete(':name')
  @HttpCode(204)
  @Requires('token-profiles:write')
  @ProfileName()
  @ApiOperation({ operationId: 'deleteTokenProfile', summary: 'Delete a token profile' })
  @ApiNoContentResponse({ description: 'The token profile is deleted' })
  @ApiOkResponse({ type: TokenProfileDeletionDryRun, description: 'With `dryRun=true`: the effect' })
  @Fails(profileErrors.PROFILE_IN_USE, ...stepUpErrors, coreErrors.BUSY)
  async delete(
    @InScope() scope: TenantScope,
    @Param('name') name: string,
    @Body() deletion: ForcedAction,
    @Query() { dryRun }: DryRunQuery,
    @IfMatch() ifMatch: SeenVersions | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenProfileDeletionDryRun | void> {
    if (!dryRun) return this.profiles.delete(scope, name, deletion, ifMatch);
    reply.status(200);
    return presentDeletionDryRun(await this.profiles.dryRunOfDeletion(scope, name));
  }
}
