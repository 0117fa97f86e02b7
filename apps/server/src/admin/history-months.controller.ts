import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';

import { historyErrors } from '#audit';
import { type Page, type PlatformScope, type TenantScope, coreErrors } from '#core';
import { databaseErrors } from '#database';
import { HistoryErasure } from '#tenants';

import { answerOnce } from '../http/answer-once.js';
import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { AnswersOrDryRun, DryRunQuery } from './dry-run.contract.js';
import {
  HistoryErasureDryRun,
  HistoryMonth,
  HistoryMonthPage,
  MONTH,
  presentErasureDryRun,
  presentMonth,
} from './history-months.contract.js';
import { PageQuery, presentPage } from './page.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

const MONTHS = { type: HistoryMonthPage, description: 'One page, newest first' };
const REJECTIONS = [
  ...stepUpErrors,
  historyErrors.MONTH_NOT_ERASABLE,
  historyErrors.HISTORY_ON_HOLD,
  databaseErrors.CLOCK_NOT_CONFIRMED,
  coreErrors.BUSY,
];

/** The personal fields of a history are encrypted by a key for each month; an erased month has none. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/history/months')
export class HistoryMonthsController {
  constructor(private readonly erasure: HistoryErasure) {}

  @Get()
  @Requires('audit:read')
  @ApiOperation({ summary: 'List the months of the history, and whether their personal fields are erased' })
  @ApiOkResponse(MONTHS)
  async listHistoryMonths(@Query() page: PageQuery, @InScope() scope: TenantScope): Promise<Page<HistoryMonth>> {
    return presentPage(await this.erasure.list(scope, page), presentMonth);
  }

  @Post(':month/erase')
  @HttpCode(200)
  @Requires('history:erase')
  @ApiParam(MONTH)
  @ApiOperation({ summary: 'Permanently erase the personal fields of a month; all proofs remain valid (idempotent)' })
  @AnswersOrDryRun(HistoryMonth, HistoryErasureDryRun, 'The erased month')
  @Fails(...REJECTIONS)
  async eraseHistoryMonth(
    @Param('month') month: string,
    @Body() { password }: StepUp,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
  ): Promise<HistoryMonth | HistoryErasureDryRun> {
    if (dryRun) return presentErasureDryRun(await this.erasure.dryRun(scope, month));
    return answerOnce(scope, presentMonth, () => this.erasure.erase(scope, month, password));
  }
}

/** The same of the installation's own history. */
@ApiTags('History')
@Controller('v1/platform/history/months')
export class PlatformHistoryMonthsController {
  constructor(private readonly erasure: HistoryErasure) {}

  @Get()
  @Requires('platform-audit:read')
  @ApiOperation({ summary: "List the months of the installation's own history" })
  @ApiOkResponse(MONTHS)
  async listPlatformHistoryMonths(
    @Query() page: PageQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<Page<HistoryMonth>> {
    return presentPage(await this.erasure.list(scope, page), presentMonth);
  }

  @Post(':month/erase')
  @HttpCode(200)
  @Requires('platform-history:erase')
  @ApiParam(MONTH)
  @ApiOperation({
    summary: "Permanently erase the personal fields of a month of the installation's own history (idempotent)",
  })
  @AnswersOrDryRun(HistoryMonth, HistoryErasureDryRun, 'The erased month')
  @Fails(...REJECTIONS)
  async erasePlatformHistoryMonth(
    @Param('month') month: string,
    @Body() { password }: StepUp,
    @Query() { dryRun }: DryRunQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<HistoryMonth | HistoryErasureDryRun> {
    if (dryRun) return presentErasureDryRun(await this.erasure.dryRun(scope, month));
    return answerOnce(scope, presentMonth, () => this.erasure.erase(scope, month, password));
  }
}
