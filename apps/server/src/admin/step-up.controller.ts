import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type PlatformScope, coreErrors } from '#core';
import { Factors, factorErrors } from '#factors';
import { StepUps, sessionErrors } from '#tenants';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { OnPlatform } from '../http/in-scope.js';
import { RateLimited } from '../http/rate-limit.js';
import { Requires } from '../http/requires.js';
import { oneOf, proofNames, proofOf } from './factor-proof.contract.js';
import { AskedFactor, FreshProof, StepUpAnswer, presentAsked, presentStepUp } from './step-up.contract.js';

@ApiTags('Sessions')
@Controller('v1/auth/step-up')
@Requires('session:self')
@RateLimited('login')
export class StepUpController {
  constructor(
    private readonly stepUps: StepUps,
    private readonly factors: Factors,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Step up the session for 5 minutes with the password or a second factor',
  })
  @Answers(200, StepUpAnswer, 'The token for the header `X-Step-Up`')
  @Fails(sessionErrors.PASSWORD_INVALID, factorErrors.FACTOR_INVALID, sessionErrors.TOO_MANY_ATTEMPTS, coreErrors.BUSY)
  async stepUp(@Body() { password, ...proof }: FreshProof, @OnPlatform() scope: PlatformScope): Promise<StepUpAnswer> {
    const given = oneOf({ password, ...proof }, ['password', ...proofNames]);
    if (given === 'password') return presentStepUp(await this.stepUps.byPassword(scope, password!));
    return presentStepUp(await this.stepUps.byFactor(scope, await proofOf(this.factors, proof)));
  }

  @Post('challenge')
  @ApiOperation({
    summary: 'Request the challenge that a passkey signs for a step-up of this session, within 5 minutes',
  })
  @Answers(200, AskedFactor, 'The factors of the account that are accepted')
  @Fails(factorErrors.SECOND_FACTOR_REQUIRED)
  async askForStepUp(@OnPlatform() scope: PlatformScope): Promise<AskedFactor> {
    return presentAsked(await this.stepUps.ask(scope));
  }
}
