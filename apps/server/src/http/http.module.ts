import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { Counters, Declares, coreErrors } from '#core';
import { LOGGER, type Logger } from '#logging';
import { AnswerTimes } from './answer-log.js';
import { AuthGuard } from './auth.guard.js';
import { DeclaredInputGuard } from './declared-input.guard.js';
import { httpErrors } from './errors.js';
import { IdempotencyGuard } from './idempotency.guard.js';
import { ProblemFilter } from './problem.filter.js';
import { ProblemForms } from './problem-forms.js';
import { CountingGuard, RateLimitGuard, type RateLimitPolicy, RateLimits } from './rate-limit.js';
import { RequestMetrics } from './request-metrics.js';
import { InputChecks } from './validation.pipe.js';

interface HttpModuleOptions {
  /**
   * Modules that export what the shell injects: `CallerIdentification`, `PermissionPolicy`, `RefusalLog`,
   * `IdempotencyStore`, and `Counters` if no global module does.
   */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly logger: Logger;
  readonly times: AnswerTimes;
  readonly forms: ProblemForms;
  /** Requests per window, if different from `RATE_LIMITS`. */
  readonly quotas?: Partial<Record<RateLimitPolicy, number>> | undefined;
}

/** How often a caller may call. */
@Module({})
class RateLimitModule {
  static register({ imports, quotas }: HttpModuleOptions): DynamicModule {
    const useFactory = (counters: Counters): RateLimits => new RateLimits(counters, quotas);
    return {
      module: RateLimitModule,
      imports,
      providers: [{ provide: RateLimits, inject: [Counters], useFactory }],
      exports: [RateLimits],
    };
  }
}

/**
 * The guards of every route, in the order of their work: caller, rate limit, declared input, idempotency key. There are no
 * interceptors: one takes as long as the rest of Nest for a request.
 */
@Declares({ errors: [coreErrors, httpErrors] })
@Module({ providers: [RequestMetrics] })
export class HttpModule {
  static register(options: HttpModuleOptions): DynamicModule {
    const rateLimits = RateLimitModule.register(options);
    return {
      module: HttpModule,
      imports: [
        ...options.imports,
        rateLimits,
        ThrottlerModule.forRootAsync({
          imports: [rateLimits],
          inject: [RateLimits],
          useFactory: ({ options: throttling }: RateLimits) => throttling,
        }),
      ],
      providers: [
        { provide: LOGGER, useValue: options.logger },
        { provide: AnswerTimes, useValue: options.times },
        { provide: ProblemForms, useValue: options.forms },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_GUARD, useClass: DeclaredInputGuard },
        { provide: APP_GUARD, useClass: IdempotencyGuard },
        CountingGuard,
        InputChecks,
      ],
    };
  }
}
