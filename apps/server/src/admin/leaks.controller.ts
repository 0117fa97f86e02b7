import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import type { TenantScope } from '#core';
import { databaseErrors } from '#database';
import { Leaks } from '#service-keys';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { LeakAnswer, LeakRequest } from './leaks.contract.js';

/** For people who find something that looks like a secret in a log, a repository or a chat. */
@Controller('v1/tenants/:tenantId/leaks')
@ApiTags('Credentials')
export class LeaksController {
  constructor(private readonly leaks: Leaks) {}

  @Post()
  @Requires('services:write')
  @ApiOperation({ operationId: 'checkLeak', summary: 'Check whether a string is, or was, a credential of the tenant' })
  @Answers(200, LeakAnswer, 'The result')
  @Fails(databaseErrors.CLOCK_NOT_CONFIRMED)
  async check(@InScope() scope: TenantScope, @Body() { secret, compromise = false }: LeakRequest): Promise<LeakAnswer> {
    return answerOnce(scope, LeakAnswer.of, () => this.leaks.check(scope, secret, compromise));
  }
}
