import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import { type TenantScope, coreErrors, toRfc3339 } from '#core';
import { databaseErrors } from '#database';
import { Signing, TokenProfiles, parseSystemUserToken, profileErrors } from '#signing';

import type { GrantedService } from '../callers.js';
import { Answers } from '../http/answers.js';
import { Instant, Text } from '../http/fields.js';
import { Fails } from '../http/fails.js';
import { Caller, InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { ProfileQuery } from './transactions.contract.js';
import { ofIssuing } from './token.contract.js';

const FORMAT = 'superoffice-system-user';

class SystemUserTokenAnswer {
  @Text({
    max: 4_096,
    example: 'Application Name-pzqc70604i.202601010000.c2lnbmF0dXJl',
    description: 'The signed system user token, as SuperOffice expects it',
  })
  token: string;

  @Text({ max: 12, example: '202601010000', description: 'Minute of the signature, `yyyyMMddHHmm` in UTC' })
  timestamp: string;

  @Text({ max: 128, example: '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11', description: 'The key version that signed' })
  kid: string;

  @Instant()
  issuedAt: string;

  @Instant()
  expiresAt: string;
}

/** The signed system user token of SuperOffice, for services that keep neither the token nor the key. */
@Controller('v1')
@ApiTags('SuperOffice')
@Requires('tokens:sign')
export class SystemUserTokensController {
  constructor(
    private readonly signing: Signing,
    private readonly profiles: TokenProfiles,
  ) {}

  @Get('system-user-token')
  @ApiOperation({
    operationId: 'getSystemUserToken',
    summary: 'Sign the stored system user token with the current minute',
  })
  @Answers(200, SystemUserTokenAnswer, 'The signed token; the same in the same minute')
  @Fails(
    coreErrors.NOT_FOUND,
    ...ofIssuing,
    profileErrors.AMBIGUOUS_PROFILE,
    coreErrors.BUSY,
    databaseErrors.AUDIT_UNAVAILABLE,
  )
  async getSystemUserToken(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Query() { profile }: ProfileQuery,
  ): Promise<SystemUserTokenAnswer> {
    const name = await this.profiles.nameOf(scope, FORMAT, caller.profiles, profile);
    const { token, kid, issuedAt, expiresAt } = await this.signing.sign(scope, caller, name, {});
    const { timestamp } = parseSystemUserToken(token)!;
    return { token, timestamp, kid, issuedAt: toRfc3339(issuedAt), expiresAt: toRfc3339(expiresAt) };
  }
}
