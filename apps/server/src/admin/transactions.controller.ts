import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import type { Page, TenantScope } from '#core';
import { TokenTransactions } from '#signing';

import { Answers } from '../http/answers.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  FoundTransaction,
  FoundTransactionPage,
  TransactionSearchQuery,
  presentFound,
} from '../signing/transactions.contract.js';
import { presentPage } from './page.contract.js';

/** Look-up of transactions for support, without their tokens. */
@ApiTags('TeleSign App Verify')
@Controller('v1/tenants/:tenantId/transactions')
@Requires('transactions:read')
export class TransactionSearchController {
  constructor(private readonly transactions: TokenTransactions) {}

  @Get()
  @ApiOperation({ operationId: 'searchTransactions', summary: 'Look up transactions by id or phone number' })
  @Answers(200, FoundTransactionPage, 'One page, oldest first')
  async searchTransactions(
    @InScope() scope: TenantScope,
    @Query() query: TransactionSearchQuery,
  ): Promise<Page<FoundTransaction>> {
    const { xid, phone } = query;
    return presentPage(
      await this.transactions.search(scope, { xid, phoneNumber: phone?.replace(' ', '+') }, query),
      presentFound,
    );
  }
}
