import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import { type PlatformScope, coreErrors } from '#core';
import { ClockWatch, Scheduler } from '#scheduler';
import { Users } from '#tenants';

import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { NotStored } from '../http/idempotency.guard.js';
import { OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { SchedulerState } from './scheduler.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

@ApiTags('Scheduler')
@Controller('v1/platform/scheduler')
@Requires('scheduler:manage')
export class SchedulerController {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly watch: ClockWatch,
    private readonly users: Users,
  ) {}

  @Get()
  @ApiOperation({ summary: "Read the scheduler's state and the clocks" })
  @Answers(200, SchedulerState, 'State of the scheduler in this process')
  async getScheduler(): Promise<SchedulerState> {
    return SchedulerState.of(await this.watch.status(), this.scheduler.counters);
  }

  @Post('confirm')
  @NotStored()
  @ApiOperation({
    summary: 'Confirm that the clocks of all hosts are correct: paused actions continue (idempotent)',
  })
  @Answers(200, SchedulerState, 'State of the scheduler in this process after the confirmation')
  @Fails(...stepUpErrors, coreErrors.BUSY)
  async confirmClock(@Body() { password }: StepUp, @OnPlatform() scope: PlatformScope): Promise<SchedulerState> {
    await this.users.confirm(scope, 'resource', password);
    await this.watch.confirm(scope);
    return this.getScheduler();
  }
}
