import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { TenantScope } from '#core';
import { databaseErrors } from '#database';
import { keyErrors } from '#keys';
import { Signing, formats, profileErrors } from '#signing';

import type { GrantedService } from '../callers.js';
import { Fails } from '../http/fails.js';
import { Caller, InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { IssuedTokenAnswer, VerifyAnswer, VerifyRequest, WhoamiAnswer } from './token.contract.js';

const inputs = [...formats.values()];

/** What services ask for with their credential. */
@Controller('v1')
@ApiTags('Tokens')
export class TokenController {
  constructor(private readonly signing: Signing) {}

  /** A token by a profile; what the body holds depends on the profile's format. */
  @Post('sign/:profile')
  @HttpCode(200)
  @Requires('tokens:sign')
  @ApiOperation({ operationId: 'signToken', summary: 'Issue a token by a profile' })
  @ApiParam({ name: 'profile', description: 'Name of the token profile', example: 'partner-api' })
  @ApiBody({
    description: 'By the format of the profile',
    schema: { oneOf: inputs.map(({ inputSchema, title }) => ({ title, ...inputSchema })) as never[] },
    examples: Object.fromEntries(
      inputs.map(({ name, title, inputExample }) => [name, { summary: title, value: inputExample }]),
    ),
  })
  @ApiOkResponse({ type: IssuedTokenAnswer, description: 'The token' })
  @Fails(profileErrors.PROFILE_NOT_GRANTED, keyErrors.KEY_NOT_USABLE, databaseErrors.AUDIT_UNAVAILABLE)
  async sign(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Param('profile') profile: string,
    @Body() input: Record<string, unknown>,
  ): Promise<IssuedTokenAnswer> {
    return IssuedTokenAnswer.of(await this.signing.sign(scope, caller, profile, input));
  }

  /** Answers 200 for good and bad tokens alike; `code` says what is wrong. */
  @Post('verify')
  @HttpCode(200)
  @Requires('tokens:verify')
  @ApiOperation({ operationId: 'verifyToken', summary: 'Verify a token of a profile' })
  @ApiOkResponse({ type: VerifyAnswer, description: 'What is to be thought of it' })
  @Fails(profileErrors.PROFILE_NOT_GRANTED, databaseErrors.AUDIT_UNAVAILABLE)
  async verify(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Body() { profile, token }: VerifyRequest,
  ): Promise<VerifyAnswer> {
    return VerifyAnswer.of(await this.signing.verify(scope, caller, profile, token));
  }

  /** The service, the credential that was used, and what it was granted. */
  @Get('whoami')
  @Requires('service:self')
  @ApiOperation({ operationId: 'whoami', summary: 'Who the credential belongs to' })
  @ApiOkResponse({ type: WhoamiAnswer, description: 'The caller' })
  whoami(@Caller() caller: GrantedService): WhoamiAnswer {
    const { serviceId: id, serviceName: name, tenantId, credentialId, authType, profiles } = caller;
    return { service: { id, name, tenantId }, credentialId, authType, profiles: [...profiles] };
  }
}
