import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type PlatformScope, coreErrors } from '#core';
import { factorErrors } from '#factors';
import { SecondFactors } from '#tenants';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { OnPlatform } from '../http/in-scope.js';
import { RateLimited } from '../http/rate-limit.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { oneOf } from './factor-proof.contract.js';
import {
  EnrolledFactor,
  FactorConfirmation,
  FactorList,
  FactorWithCodes,
  NewFactor,
  NewRecoveryCodes,
  presentConfirmed,
  presentEnrolled,
  presentFactor,
} from './factors.contract.js';
import { StepUp, accountStepUpErrors } from './step-up.contract.js';

const { FACTOR_LIMIT_REACHED, FACTOR_INVALID, PASSKEYS_UNAVAILABLE } = factorErrors;

@ApiTags('Sessions')
@Controller('v1/auth/factors')
@Requires('session:self')
export class FactorsController {
  constructor(private readonly factors: SecondFactors) {}

  @Get()
  @ApiOperation({ summary: 'List the second factors of the account' })
  @Answers(200, FactorList, 'The factors and the number of remaining recovery codes')
  async listFactors(@OnPlatform() scope: PlatformScope): Promise<FactorList> {
    const { factors, recoveryCodesLeft } = await this.factors.list(scope);
    return { items: factors.map(presentFactor), recoveryCodesLeft };
  }

  @Post()
  @ApiOperation({
    summary:
      'Enrol a second factor; confirm it within 5 minutes. If the account already has one, step up with it first',
  })
  @Answers(201, EnrolledFactor, 'The factor with the data to set it up')
  @Fails(FACTOR_LIMIT_REACHED, PASSKEYS_UNAVAILABLE, ...accountStepUpErrors, coreErrors.BUSY)
  async enrolFactor(
    @Body() { password, ...request }: NewFactor,
    @OnPlatform() scope: PlatformScope,
  ): Promise<EnrolledFactor> {
    return presentEnrolled(await this.factors.begin(scope, request, password));
  }

  @Post(':factorId/confirm')
  @RateLimited('login')
  @ApiOperation({ summary: 'Confirm a second factor with its first proof' })
  @Answers(200, FactorWithCodes, 'The factor; with the first one, ten recovery codes')
  @Fails(FACTOR_INVALID)
  async confirmFactor(
    @Param('factorId') factorId: string,
    @Body() body: FactorConfirmation,
    @OnPlatform() scope: PlatformScope,
  ): Promise<FactorWithCodes> {
    const answer = body[oneOf(body, ['totp', 'passkey'])]!;
    return presentConfirmed(await this.factors.confirm(scope, factorId, answer));
  }

  @Delete(':factorId')
  @ApiOperation({ summary: 'Delete a second factor; step up with a second factor first' })
  @WithDryRun('The factor is deleted; with the last one, the recovery codes')
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async deleteFactor(
    @Param('factorId') factorId: string,
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
  ): Promise<void> {
    await this.factors.remove(scope, factorId, password);
  }

  @Post('recovery-codes')
  @ApiOperation({ summary: 'Create ten new recovery codes; step up with a second factor first' })
  @Answers(201, NewRecoveryCodes, 'The codes; the previous ones are no longer accepted')
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async renewRecoveryCodes(
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
  ): Promise<NewRecoveryCodes> {
    return { recoveryCodes: [...(await this.factors.renewRecoveryCodes(scope, password))] };
  }
}
