import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import { AsOf as AsOfService, asOfKinds } from '#as-of';
import { HistoryReads, historyErrors } from '#audit';
import { type TenantScope, coreErrors } from '#core';

import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { AsOf, AsOfQuery, Signers, SignersQuery, presentAsOf, presentSigners } from './as-of.contract.js';

/** What a tenant had at an instant, rebuilt from its history. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/as-of')
@Requires('audit:read')
export class AsOfController {
  constructor(
    private readonly past: AsOfService,
    private readonly reads: HistoryReads,
  ) {}

  @Get()
  @ApiOperation({ summary: "Rebuild the tenant's resources at a past time from its history" })
  @Answers(200, AsOf, 'A page of each kind, in order of creation')
  @Fails(historyErrors.HISTORY_ERASED)
  async getAsOf(@Query() { at, kind, limit, cursor }: AsOfQuery, @InScope() scope: TenantScope): Promise<AsOf> {
    if (kind === undefined && cursor !== undefined) throw cursorWithoutKind();
    await this.reads.record(scope);
    const kinds = kind === undefined ? asOfKinds : [kind];
    return presentAsOf(await this.past.pages(scope, at, kinds, { limit, cursor }));
  }

  @Get('signers')
  @ApiOperation({
    summary: 'List who could have a token signed with a profile at a past time, and with which key',
    description:
      'Credentials of services, and trusts with which workloads could act as a service, in order of creation.',
  })
  @Answers(200, Signers, 'A page of credentials and trusts of services')
  @Fails(historyErrors.HISTORY_ERASED)
  async getSigners(
    @Query() { at, profile, limit, cursor }: SignersQuery,
    @InScope() scope: TenantScope,
  ): Promise<Signers> {
    await this.reads.record(scope);
    return presentSigners(await this.past.signers(scope, at, profile, { limit, cursor }));
  }
}

const cursorWithoutKind = (): Error =>
  coreErrors.VALIDATION_ERROR({
    errors: [{ pointer: 'kind', code: 'REQUIRED', detail: 'a cursor continues the page of one kind' }],
  });
