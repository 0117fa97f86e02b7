import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, type EpochMilliseconds, MINUTE, SECOND, coreErrors } from '#core';
import { PermissionPolicy } from './principal.js';
import { routeAccess } from './requires.js';

export type RateLimitPolicy = 'login' | 'admin' | 'reveal' | 'public';

interface Quota {
  /** Requests per window. */
  readonly quota: number;
  readonly windowMilliseconds: number;
}

/**
 * Who gets how much: sign-in and public calls are counted by source address, calls of a person by that person. Services
 * are not counted here; their limits belong to their own calls.
 */
export const RATE_LIMITS: Readonly<Record<RateLimitPolicy, Quota>> = {
  login: { quota: 30, windowMilliseconds: MINUTE },
  admin: { quota: 1_200, windowMilliseconds: MINUTE },
  // Enough for a person who looks things up, too few for emptying a tenant.
  reveal: { quota: 20, windowMilliseconds: MINUTE },
  public: { quota: 600, windowMilliseconds: MINUTE },
};

/** Counts a route under another policy than its access implies, or under none (probes of an orchestrator). */
export const RateLimited = Reflector.createDecorator<RateLimitPolicy | 'none'>();

/** The options of `ThrottlerModule`: the policies with what an installation changes, and where they are counted. */
export const throttlerOptions = (
  storage: ThrottlerStorage,
  quotas: Partial<Record<RateLimitPolicy, number>> = {},
): ThrottlerModuleOptions => ({
  storage,
  throttlers: Object.entries(RATE_LIMITS).map(([name, { quota, windowMilliseconds }]) => ({
    name,
    limit: quotas[name as RateLimitPolicy] ?? quota,
    ttl: windowMilliseconds,
  })),
});

/** Applies the one policy of a route and tells the caller where it stands (draft-ietf-httpapi-ratelimit-headers). */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(PermissionPolicy) private readonly permissions: PermissionPolicy;

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, throttler, limit, ttl } = request;
    const policy = this.policyOf(context);
    if (policy !== throttler.name) return true;

    const fastifyRequest = context.switchToHttp().getRequest<FastifyRequest>();
    const key = `${policy}:${await this.getTracker({ ...fastifyRequest })}`;
    const { totalHits, timeToExpire, isBlocked } = await this.storageService.increment(key, ttl, limit, 0, policy);
    const remaining = Math.max(0, limit - totalHits);
    context
      .switchToHttp()
      .getResponse<FastifyReply>()
      .headers({
        RateLimit: `"${policy}";r=${remaining};t=${timeToExpire}`,
        'RateLimit-Policy': `"${policy}";q=${limit};w=${ttl / SECOND}`,
      });
    if (isBlocked) throw coreErrors.RATE_LIMITED({ retryAfterSeconds: timeToExpire });
    return true;
  }

  /** A person by id; everybody else by address, where an IPv6 /64 counts as one. */
  protected override async getTracker(request: Record<string, unknown>): Promise<string> {
    const { principal } = request as Partial<FastifyRequest>;
    return principal?.kind === 'user' ? principal.userId : super.getTracker(request);
  }

  private policyOf(context: ExecutionContext): RateLimitPolicy | 'none' {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const declared = this.reflector.getAllAndOverride(RateLimited, [handler, controller]);
    if (declared !== undefined) return declared;
    const access = routeAccess(handler, controller);
    if (access === undefined || access.public) return 'public';
    return this.permissions.audience(access.permission) === 'service' ? 'none' : 'admin';
  }
}

/** More callers than this within one window push the oldest out: memory stays bounded under a flood of addresses. */
const MAX_WINDOWS = 50_000;

/** Fixed windows in the memory of this process. A shared store with the same interface replaces it for a fleet. */
export class WindowCounters implements ThrottlerStorage {
  private readonly windows = new Map<string, { hits: number; endsAt: EpochMilliseconds }>();

  constructor(private readonly clock: Clock) {}

  async increment(key: string, windowMilliseconds: number, quota: number) {
    const now = this.clock.now();
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      // Deleted first, so that the map stays ordered by the end of its windows.
      this.windows.delete(key);
      if (this.windows.size >= MAX_WINDOWS) this.windows.delete(this.windows.keys().next().value!);
      window = { hits: 0, endsAt: now + windowMilliseconds };
      this.windows.set(key, window);
    }
    window.hits += 1;
    const timeToExpire = Math.max(1, Math.ceil((window.endsAt - now) / SECOND));
    const isBlocked = window.hits > quota;
    return { totalHits: window.hits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
  }
}
