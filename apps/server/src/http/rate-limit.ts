import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerModuleOptions, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Counters, MINUTE, SECOND, coreErrors } from '#core';
import { Counter } from '#metrics';
import { FAILURE_QUOTA_DEFAULT } from '#service-keys';
import { perRoute } from './per-route.js';
import { PermissionPolicy } from './principal.js';
import { routeAccess } from './requires.js';
import { sourceNetworkOf } from './source-address.js';

export type RateLimitPolicy = 'login' | 'admin' | 'reveal' | 'public' | 'acme' | 'credentials';

interface Quota {
  /** Requests per window, or failures. */
  readonly quota: number;
  readonly windowMilliseconds: number;
}

/**
 * Who gets how much: sign-in and public calls are counted by source address, calls of a person by that person. A service
 * that was identified is counted on no route, for many of them may work behind one address; its limits belong to its calls.
 */
export const RATE_LIMITS: Readonly<Record<RateLimitPolicy, Quota>> = {
  login: { quota: 30, windowMilliseconds: MINUTE },
  admin: { quota: 1_200, windowMilliseconds: MINUTE },
  // Enough for a person who looks things up, too few for emptying a tenant.
  reveal: { quota: 20, windowMilliseconds: MINUTE },
  public: { quota: 600, windowMilliseconds: MINUTE },
  // Of its own: clients of ACME take no keys and lists away from those who rely on them, nor the reverse.
  acme: { quota: 600, windowMilliseconds: MINUTE },
  // Of no route: what is counted are credentials that were rejected, by source address.
  credentials: FAILURE_QUOTA_DEFAULT,
};

/** Counts a route under another policy than its access implies, or under none (probes of an orchestrator). */
export const RateLimited = Reflector.createDecorator<Exclude<RateLimitPolicy, 'credentials'> | 'none'>();

/** The policies with what an installation changes, and where they are counted. */
export class RateLimits {
  /** Requests that were rejected, by policy. */
  readonly rejections = new Counter();

  constructor(
    readonly storage: Counters,
    private readonly quotas: Partial<Record<RateLimitPolicy, number>> = {},
  ) {}

  /** For `ThrottlerModule`. */
  get options(): ThrottlerModuleOptions {
    const throttlers = Object.keys(RATE_LIMITS).map((name) => {
      const { quota, windowMilliseconds } = this.limitOf(name as RateLimitPolicy);
      return { name, limit: quota, ttl: windowMilliseconds };
    });
    return { storage: this.storage, throttlers };
  }

  /**
   * Counts one request of a caller, and says in its answer how much of the quota is left
   * (draft-ietf-httpapi-ratelimit-headers).
   * @param tracker who calls, see `trackerOf`
   * @throws RATE_LIMITED
   */
  async count(policy: RateLimitPolicy, tracker: string, reply: FastifyReply): Promise<void> {
    const { quota, windowMilliseconds } = this.limitOf(policy);
    const key = `${policy}:${tracker}`;
    const window = await this.storage.increment(key, windowMilliseconds, quota);
    const { totalHits, timeToExpire, isBlocked } = window;
    reply.headers({
      RateLimit: `"${policy}";r=${Math.max(0, quota - totalHits)};t=${timeToExpire}`,
      'RateLimit-Policy': `"${policy}";q=${quota};w=${windowMilliseconds / SECOND}`,
    });
    if (isBlocked) {
      this.rejections.increment(policy);
      throw coreErrors.RATE_LIMITED({ retryAfterSeconds: timeToExpire });
    }
  }

  /** What a policy permits here. */
  limitOf(policy: RateLimitPolicy): Quota {
    const { quota, windowMilliseconds } = RATE_LIMITS[policy];
    return { quota: this.quotas[policy] ?? quota, windowMilliseconds };
  }
}

/**
 * Who is counted: a person by id, an API token by itself, everybody else by address, where an IPv6 /64 counts as one.
 * @throws INTERNAL_ERROR where the request has no address: one window for all would lock everybody out
 */
export function trackerOf(request: FastifyRequest): string {
  const { principal } = request;
  if (principal?.kind === 'user') return `user:${principal.userId}`;
  if (principal?.kind === 'api-token') return `api-token:${principal.apiTokenId}`;
  return `address:${sourceNetworkOf(request)}`;
}

/** Counts a request by the policy of its route. */
@Injectable()
export class CountingGuard extends ThrottlerGuard {
  @Inject(PermissionPolicy) private readonly permissions: PermissionPolicy;
  @Inject(RateLimits) private readonly limits: RateLimits;

  protected override async handleRequest({ context, throttler }: ThrottlerRequest): Promise<boolean> {
    const policy = this.policyOf(context);
    return policy === 'none' || policy !== throttler.name || this.count(policy, context);
  }

  /** @throws RATE_LIMITED */
  async count(policy: RateLimitPolicy, context: ExecutionContext): Promise<true> {
    const http = context.switchToHttp();
    // The request itself, never a copy: `ip` is a getter of its prototype, which a spread leaves behind.
    await this.limits.count(policy, trackerOf(http.getRequest<FastifyRequest>()), http.getResponse<FastifyReply>());
    return true;
  }

  policyOf(context: ExecutionContext): RateLimitPolicy | 'none' {
    if (context.switchToHttp().getRequest<FastifyRequest>().principal?.kind === 'service') return 'none';
    return this.policyOfRoute(context.getHandler(), context.getClass());
  }

  private readonly policyOfRoute = perRoute((handler, controller): RateLimitPolicy | 'none' => {
    const declared = this.reflector.getAllAndOverride(RateLimited, [handler as never, controller as never]);
    if (declared !== undefined) return declared;
    const access = routeAccess(handler, controller);
    if (access === undefined || access.public) return 'public';
    return this.permissions.audience(access.permission) === 'service' ? 'none' : 'admin';
  });
}

/** Applies the one policy of a route; those without one are not waited for. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly counted: CountingGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const policy = this.counted.policyOf(context);
    if (policy === 'none') return true;
    // Keys and the status of certificates are read without pause: the guard of the throttler looks for more than these routes declare.
    return policy === 'public' ? this.counted.count(policy, context) : this.counted.canActivate(context);
  }
}
