import { Body, Controller, Get, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyRequest } from 'fastify';

import { type DomainError, type TenantScope, coreErrors } from '#core';
import { keyStoreErrors } from '#key-stores';
import { OwnTokenDiagnosis, type SignedToken, Signing, formats, profileErrors, transactionErrors } from '#signing';

import type { GrantedService } from '../callers.js';
import { answerOnceCommitted } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { NotStored } from '../http/idempotency.guard.js';
import { Caller, InScope } from '../http/in-scope.js';
import { ConfirmsCaller, Requires } from '../http/requires.js';
import {
  BatchAnswer,
  BatchRequest,
  DiagnoseAnswer,
  DiagnoseRequest,
  IssuedTokenAnswer,
  VerifyAnswer,
  VerifyRequest,
  WhoamiAnswer,
  ofIssuing,
} from './token.contract.js';

const inputs = [...formats.values()];

/** Tokens: the calls of services. */
@Controller('v1')
@ApiTags('Tokens')
export class TokenController {
  constructor(
    private readonly signing: Signing,
    private readonly ownTokens: OwnTokenDiagnosis,
  ) {}

  /** Issues a token with a profile; the body depends on the profile's format. */
  @Post('sign/:profile')
  @ConfirmsCaller()
  @Requires('tokens:sign')
  @ApiOperation({ operationId: 'signToken', summary: 'Issue a token with a profile' })
  @ApiParam({ name: 'profile', description: 'Name of the token profile', example: 'partner-api' })
  @ApiBody({
    description: 'Token in the format of the profile',
    schema: { oneOf: inputs.map(({ inputSchema, title }) => ({ title, ...inputSchema })) as never[] },
    examples: Object.fromEntries(
      inputs.map(({ name, title, inputExample }) => [name, { summary: title, value: inputExample }]),
    ),
  })
  @Answers(200, IssuedTokenAnswer, 'The token')
  @Fails(...ofIssuing, keyStoreErrors.KEY_STORE_MESSAGE_TOO_LONG, transactionErrors.XID_IN_USE, coreErrors.BUSY)
  async sign(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Param('profile') profile: string,
    @Body() input: Record<string, unknown>,
  ): Promise<IssuedTokenAnswer> {
    const present = (signed: SignedToken) => IssuedTokenAnswer.of(profile, signed);
    return answerOnceCommitted(scope, present, () => this.signing.sign(scope, caller, profile, input));
  }

  /** Issues many tokens in one transaction; an error of an item is in its place. */
  @Post('sign/:profile/batch')
  @ConfirmsCaller()
  @Requires('tokens:sign')
  @ApiOperation({ operationId: 'signTokens', summary: 'Issue up to 100 tokens with a profile' })
  @ApiParam({ name: 'profile', description: 'Name of the token profile', example: 'partner-api' })
  @Answers(200, BatchAnswer, 'Tokens and errors, in request order')
  @Fails(...ofIssuing, coreErrors.BUSY)
  async signBatch(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Param('profile') profile: string,
    @Body() { items }: BatchRequest,
    @Req() { url, id }: FastifyRequest,
  ): Promise<BatchAnswer> {
    const present = (outcomes: readonly (SignedToken | DomainError)[]) =>
      BatchAnswer.of(profile, outcomes, { instance: url, requestId: id });
    return answerOnceCommitted(scope, present, () => this.signing.signAll(scope, caller, profile, items));
  }

  /** Answers 200 for good and bad tokens alike; `code` says what is wrong. */
  @Post('verify')
  @ConfirmsCaller()
  @Requires('tokens:verify')
  @ApiOperation({ operationId: 'verifyToken', summary: 'Verify a token of a profile' })
  @Answers(200, VerifyAnswer, 'Verification result')
  @Fails(coreErrors.NOT_FOUND, profileErrors.PROFILE_NOT_GRANTED)
  async verify(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Body() request: VerifyRequest,
  ): Promise<VerifyAnswer> {
    const { consume } = request;
    const presented = VerifyRequest.toPresented(request.profile, request);
    return answerOnceCommitted(scope, VerifyAnswer.of, () =>
      this.signing.verify(scope, caller, presented, { consume }),
    );
  }

  /** For the developer of the sender: all causes that were found, without secrets. */
  @NotStored()
  @Post('diagnose')
  @Requires('tokens:verify')
  @ApiOperation({ operationId: 'diagnoseToken', summary: 'Diagnose a rejected token or the service’s own JWT' })
  @Answers(200, DiagnoseAnswer, 'All causes found')
  @Fails(coreErrors.NOT_FOUND, profileErrors.PROFILE_NOT_GRANTED)
  async diagnose(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Body() request: DiagnoseRequest,
  ): Promise<DiagnoseAnswer> {
    const { profile, token } = request;
    if (profile === undefined) return DiagnoseAnswer.of(await this.ownTokens.diagnose(scope, token));
    const presented = DiagnoseRequest.toPresented(profile, request);
    return DiagnoseAnswer.of(await this.signing.diagnose(scope, caller, presented));
  }

  /** The service, the credential that was used, and what it was granted. */
  @Get('whoami')
  @Requires('service:self')
  @ApiOperation({ operationId: 'whoami', summary: 'Identify the calling service' })
  @Answers(200, WhoamiAnswer, 'The caller')
  whoami(@Caller() caller: GrantedService): WhoamiAnswer {
    const { serviceId: id, serviceName: name, tenantId, credentialId, authType, profiles } = caller;
    return { service: { id, name, tenantId }, credentialId, authType, profiles: [...profiles] };
  }
}
