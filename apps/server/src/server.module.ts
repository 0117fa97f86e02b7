import { type DynamicModule, Module, type Type } from '@nestjs/common';

import type { Role } from '#config';
import { InstallationModule, type InstallationOptions } from '#installation';

import { AdminModule } from './admin/admin.module.js';
import { HealthModule } from './health.module.js';
import type { AnswerTimes } from './http/answer-log.js';
import type { Drain } from './http/drain.js';
import { HttpModule } from './http/http.module.js';
import type { ProblemForms } from './http/problem-forms.js';
import type { RateLimitPolicy } from './http/rate-limit.js';
import { MetricsApiModule } from './metrics/metrics-api.module.js';
import { ScheduleModule } from './scheduler/schedule.module.js';
import { ShellModule } from './shell.module.js';
import { SigningApiModule } from './signing/signing-api.module.js';

export interface ServerOptions extends InstallationOptions {
  /** Begins when the server is told to stop. */
  readonly drain: Drain;
  /** Where the times of answers are counted. */
  readonly times: AnswerTimes;
  /** How protocols have their refusals. */
  readonly forms: ProblemForms;
  readonly rateLimitQuotas?: Partial<Record<RateLimitPolicy, number>> | undefined;
}

/** What each role offers over HTTP. */
const apiOf: Readonly<Record<Role, readonly Type[]>> = {
  admin: [AdminModule],
  signing: [SigningApiModule],
  scheduler: [],
};

/** The composition root: an installation, the shell, and the APIs of the roles of this process. */
@Module({})
export class ServerModule {
  static register(options: ServerOptions): DynamicModule {
    const { configuration, logger, rateLimitQuotas, times, forms } = options;
    const { roles } = configuration;
    return {
      module: ServerModule,
      imports: [
        InstallationModule.forRoot(options),
        // Its guard is the first: a sealed server asks for no credentials.
        HealthModule.register(options.drain),
        HttpModule.register({ imports: [ShellModule], logger, times, forms, quotas: rateLimitQuotas }),
        MetricsApiModule,
        ScheduleModule.register({ runsScheduler: roles.includes('scheduler') }),
        ...roles.flatMap((role) => apiOf[role]),
      ],
    };
  }
}
