import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type Page, type PlatformScope, coreErrors } from '#core';
import { PasswordResets, SecondFactors, Users, accountErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { OnPlatform } from '../http/in-scope.js';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Requires } from '../http/requires.js';
import { StartedReset, presentReset } from './auth.contract.js';
import { WithDryRun } from './dry-run.js';
import { presentPage } from './page.contract.js';
import { StepUp, accountStepUpErrors } from './step-up.contract.js';
import { Account, AccountPage, UserQuery, presentAccount } from './users.contract.js';

@ApiTags('Users')
@Controller('v1/users')
@Requires('users:manage')
export class UsersController {
  constructor(
    private readonly users: Users,
    private readonly resets: PasswordResets,
    private readonly factors: SecondFactors,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the accounts of the installation' })
  @Answers(200, AccountPage, 'One page, oldest first')
  async listUsers(@Query() { email, ...page }: UserQuery, @OnPlatform() scope: PlatformScope): Promise<Page<Account>> {
    return presentPage(await this.users.list(scope, email === undefined ? {} : { email }, page), presentAccount);
  }

  @Post(':userId/reset')
  @ApiOperation({ summary: 'Start the password reset of an account' })
  @Answers(201, StartedReset, "The token for the account's holder, valid for an hour, shown only once")
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async resetUser(
    @Param('userId') userId: string,
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
  ): Promise<StartedReset> {
    return answerOnce(scope, presentReset, () => this.resets.start(scope, userId, 'reset', password));
  }

  @Post(':userId/verification')
  @ApiOperation({
    summary:
      "Start the verification of an account's address: its holder chooses a new password, and every tenant can " +
      'then invite the account',
  })
  @Answers(201, StartedReset, 'The token for that person, valid for a week, shown only once')
  @Fails(accountErrors.ADDRESS_VERIFIED, accountErrors.ADDRESS_TAKEN, ...accountStepUpErrors, coreErrors.BUSY)
  async verifyUser(
    @Param('userId') userId: string,
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
  ): Promise<StartedReset> {
    return answerOnce(scope, presentReset, () => this.resets.start(scope, userId, 'verification', password));
  }

  @Delete(':userId/factors')
  @ApiOperation({ summary: 'Delete the second factors of an account' })
  @WithDryRun("The account's holder can sign in with the password alone; all sessions ended")
  @Fails(...accountStepUpErrors, coreErrors.BUSY)
  async resetUserFactors(
    @Param('userId') userId: string,
    @Body() { password }: StepUp,
    @OnPlatform() scope: PlatformScope,
  ): Promise<void> {
    await this.factors.reset(scope, userId, password);
  }
}
