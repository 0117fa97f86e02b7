import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { DomainError, systemOrigin } from '#core';
import { databaseErrors } from '#database';
import { TokenExchange, trustErrors } from '#service-keys';
import { tenantErrors } from '#tenants';

import { AcceptsAnyInput } from '../http/declared-input.guard.js';
import { Fails } from '../http/fails.js';
import { Facts, type RequestFacts } from '../http/in-scope.js';
import { RateLimited } from '../http/rate-limit.js';
import { Public } from '../http/requires.js';
import {
  OAuthError,
  TokenExchangeAnswer,
  TokenExchangeRequest,
  presentExchange,
  readTokenExchange,
  rejectedToken,
} from './token-exchange.contract.js';

/** Short credentials for workloads that keep no secret (RFC 8693). */
@Controller('v1/token-exchange')
@ApiTags('Workload identity')
// Many workloads share one address: only rejected tokens are counted by it, see `TokenExchange`.
@RateLimited('none')
export class TokenExchangeController {
  constructor(private readonly exchange: TokenExchange) {}

  @Post()
  @HttpCode(200)
  @Public()
  @AcceptsAnyInput()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenExchangeRequest })
  @ApiOperation({
    operationId: 'exchangeToken',
    summary: "Exchange a workload's token for a short-lived credential of a service that trusts it",
  })
  @ApiOkResponse({ type: TokenExchangeAnswer, description: 'The credential' })
  @ApiBadRequestResponse({ type: OAuthError, description: 'Why there is none (RFC 6749 §5.2)' })
  @Fails(tenantErrors.TENANT_SUSPENDED, databaseErrors.AUDIT_UNAVAILABLE)
  async exchangeToken(
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenExchangeAnswer | OAuthError> {
    const asked = readTokenExchange(request.body);
    if ('error' in asked) {
      reply.status(400);
      return asked;
    }
    // The workload is not identified yet.
    const origin = { ...systemOrigin('token-exchange'), ...facts };
    try {
      return presentExchange(await this.exchange.exchange(origin, asked.audience, asked.subject_token));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== trustErrors.SUBJECT_TOKEN_REJECTED.code) throw error;
      reply.status(400);
      return rejectedToken();
    }
  }
}
