import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { LOGGER, type Logger } from '#logging';
import { AuthGuard } from './auth.guard.js';
import { EntityTagInterceptor } from './entity-tag.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { ProblemFilter } from './problem.filter.js';
import { DeclaredInputGuard } from './declared-input.guard.js';
import { RateLimitGuard, RateLimits } from './rate-limit.js';
import { InputPipe } from './validation.pipe.js';

export interface HttpModuleOptions {
  /**
   * Modules that export what the shell asks for: `CallerIdentification`, `PermissionPolicy`, `RefusalLog`,
   * `IdempotencyStore`.
   */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly logger: Logger;
  readonly rateLimits: RateLimits;
}

/** What applies to every route. The order is the order of work: who calls, how often, may it be repeated, what is sent. */
@Module({})
export class HttpModule {
  static register(options: HttpModuleOptions): DynamicModule {
    return {
      module: HttpModule,
      imports: [...options.imports, ThrottlerModule.forRoot(options.rateLimits.options)],
      providers: [
        { provide: LOGGER, useValue: options.logger },
        { provide: RateLimits, useValue: options.rateLimits },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_GUARD, useClass: DeclaredInputGuard },
        // The outer one first: replayed answers get their entity tag, too.
        { provide: APP_INTERCEPTOR, useClass: EntityTagInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useClass: InputPipe },
      ],
    };
  }
}
