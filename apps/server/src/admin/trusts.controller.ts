import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { Page, TenantScope } from '#core';
import { Trusts, WorkloadTokens, trustErrors } from '#service-keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { NotStored } from '../http/idempotency.guard.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { NamedPageQuery, presentPage } from './page.contract.js';
import {
  NewTrust,
  TokenToTry,
  TokenTrial,
  Trust,
  TrustPage,
  presentTrial,
  presentTrust,
  trustOf,
} from './trusts.contract.js';

/** Workloads that act as a service by tokens of their own issuers, so that they keep no secret. */
@ApiTags('Workload identity')
@Controller('v1/tenants/:tenantId/services/:serviceId/trusts')
@Requires('services:write')
export class TrustsController {
  constructor(
    private readonly trusts: Trusts,
    private readonly tokens: WorkloadTokens,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a trust: workloads with tokens of its issuer can act as the service' })
  @Answers(201, Trust, 'The trust; its rules never change')
  @Fails(trustErrors.TRUST_LIMIT_REACHED)
  async createTrust(
    @Param('serviceId') serviceId: string,
    @Body() body: NewTrust,
    @InScope() scope: TenantScope,
  ): Promise<Trust> {
    return answerOnce(scope, presentTrust, () => this.trusts.create(scope, serviceId, trustOf(body)));
  }

  /** Answers 200 for accepted and for rejected tokens. The response contains nothing of the token, and it is not stored. */
  @NotStored()
  @Post('try')
  @ApiOperation({
    summary: "Check whether a workload's token would be accepted, and why not; the token is not used up",
  })
  @Answers(200, TokenTrial, 'The decision, and the trust that made it')
  async tryToken(
    @Param('serviceId') serviceId: string,
    @Body() { token }: TokenToTry,
    @InScope() scope: TenantScope,
  ): Promise<TokenTrial> {
    return presentTrial(await this.tokens.try(scope, serviceId, token));
  }

  @Get()
  @Requires('services:read')
  @ApiOperation({ summary: 'List the trusts of a service' })
  @Answers(200, TrustPage, 'One page, oldest first')
  async listTrusts(
    @Param('serviceId') serviceId: string,
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Trust>> {
    return presentPage(await this.trusts.list(scope, serviceId, name, page), presentTrust);
  }

  @Get(':trustId')
  @Requires('services:read')
  @ApiOperation({ summary: 'Read a trust of a service' })
  @Answers(200, Trust, 'The trust')
  async getTrust(
    @Param('serviceId') serviceId: string,
    @Param('trustId') trustId: string,
    @InScope() scope: TenantScope,
  ): Promise<Trust> {
    return presentTrust(await this.trusts.get(scope, serviceId, trustId));
  }

  @Delete(':trustId')
  @ApiOperation({ summary: 'Delete a trust of a service; credentials that were exchanged under it are rejected' })
  @WithDryRun('The trust is deleted; it accepts no more tokens')
  async deleteTrust(
    @Param('serviceId') serviceId: string,
    @Param('trustId') trustId: string,
    @InScope() scope: TenantScope,
  ): Promise<void> {
    await this.trusts.delete(scope, serviceId, trustId);
  }
}
