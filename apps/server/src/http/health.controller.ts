import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from './api-declarations.js';
import { defineErrors } from '#core';
import { Readiness } from '../readiness.js';
import { Fails } from './fails.js';
import { Choice, Items, JsonObject, Text } from './fields.js';
import { RateLimited } from './rate-limit.js';
import { Public } from './requires.js';
import { ServedWhileSealed } from './seal.guard.js';
import { Answers } from './answers.js';

export const healthErrors = defineErrors('health', {
  NOT_READY: { kind: 'unavailable', title: 'The server is not ready' },
});

export class Liveness {
  @Choice(['live'], { description: 'The process runs' }) status: 'live';
}

export class Started {
  @Choice(['started'], { description: 'The start is complete: the schema is up to date and requests are accepted' })
  status: 'started';
}

export class Ready {
  @Choice(['ready'], { description: 'The process can serve requests' }) status: 'ready';
  @JsonObject({
    description: 'Result of each check',
    example: { accepting: true, database: true, writable: true, unsealed: true },
  })
  checks: Readonly<Record<string, boolean>>;
  @Items(Text({ max: 64 }), {
    maxItems: 20,
    description:
      'Degraded features: `sharedRateLimits` while Redis does not answer, `scheduler` while the clock is not ' +
      'confirmed, `keyStores` while a key store does not answer, `history` if signed events are missing or ' +
      'changed',
    example: [],
  })
  degraded: readonly string[];
}

@ApiTags('Health')
@Controller('health')
@Public()
@RateLimited('none')
@ServedWhileSealed()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @ApiOperation({ summary: 'Check whether the process runs; restart it if not' })
  @Answers(200, Liveness, 'The process runs')
  getLiveness(): Liveness {
    return { status: 'live' };
  }

  /** It listens only when all that has to be done at the start is done; a sealed server has started, and waits for its key. */
  @Get('started')
  @ApiOperation({ summary: 'Check whether the start is complete; send nothing else before' })
  @Answers(200, Started, 'The start is complete')
  getStart(): Started {
    return { status: 'started' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Check whether this process accepts requests' })
  @Answers(200, Ready, 'The server accepts requests')
  @Fails(healthErrors.NOT_READY)
  async getReadiness(): Promise<Ready> {
    const { ready, checks, degraded } = await this.readiness.check();
    if (!ready) throw healthErrors.NOT_READY({ extensions: { checks, degraded } });
    return { status: 'ready', checks, degraded };
  }
}
