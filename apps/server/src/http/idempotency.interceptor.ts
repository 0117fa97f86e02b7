import { createHash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, Logger, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, catchError, mergeMap, of } from 'rxjs';
import { DomainError, type PlatformScope, type TenantScope } from '#core';
import { httpErrors } from './errors.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
/** `true` on an answer that was given before. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** An answer as it is kept: it may hold a secret, so whoever stores it seals it. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; `null` for an answer without a body. */
  readonly body: string | null;
}

export type IdempotencyClaim = { readonly outcome: 'claimed' } | ({ readonly outcome: 'replay' } & KeptAnswer);

/**
 * Remembers the first answer to each key of a scope for 24 h. `claim` is atomic and throws `IDEMPOTENCY_KEY_REUSED` for
 * another payload and `IDEMPOTENCY_KEY_IN_USE` while the first request runs.
 */
export abstract class IdempotencyStore {
  abstract claim(scope: TenantScope | PlatformScope, key: string, payloadHash: string): Promise<IdempotencyClaim>;
  abstract complete(scope: TenantScope | PlatformScope, key: string, answer: KeptAnswer): Promise<void>;
  abstract release(scope: TenantScope | PlatformScope, key: string): Promise<void>;
}

/** Calls that release a secret again each time: every release is judged and recorded anew, none is repeated from memory. */
export const NeverKept = Reflector.createDecorator<true>({ transform: () => true });

const ACCEPTABLE_KEY = /^[\x21-\x7e]{1,255}$/;
const KEPT_HEADERS = ['location'] as const;
const PREFIX = '/v1/tenants';

/** SHA-256 in hex over what makes two requests the same: method, target (with its query) and the exact body. */
export const payloadHash = (method: string, target: string, body: Uint8Array = new Uint8Array()): string =>
  createHash('sha256').update(`${method} ${target}\n`).update(body).digest('hex');

/**
 * Makes every POST under `/v1/tenants` safe to repeat with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key).
 * A refused or failed request leaves the key free, so that it may be corrected and sent again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger(IdempotencyInterceptor.name);

  constructor(
    private readonly store: IdempotencyStore,
    private readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const key = request.headers[IDEMPOTENCY_KEY_HEADER];
    const { scope } = request;
    const repeatable = this.reflector.getAllAndOverride(NeverKept, [context.getHandler(), context.getClass()]);
    const applies = !repeatable && request.method === 'POST' && request.routeOptions.url?.startsWith(PREFIX);
    if (!applies || key === undefined || scope === undefined) return next.handle();
    if (typeof key !== 'string' || !ACCEPTABLE_KEY.test(key)) {
      throw httpErrors.INVALID_IDEMPOTENCY_KEY('An idempotency key has 1 to 255 printable ASCII characters');
    }

    const claim = await this.store.claim(scope, key, payloadHash(request.method, request.url, request.rawBody));
    if (claim.outcome === 'replay') {
      reply.status(claim.status).headers({ ...claim.headers, [REPLAYED_HEADER]: 'true' });
      return of(claim.body === null ? undefined : (JSON.parse(claim.body) as unknown));
    }
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        // Bytes are not kept: they are large, and making them again does no harm.
        await (Buffer.isBuffer(body) ? this.free(scope, key) : this.keep(scope, key, reply, body));
        return body;
      }),
      catchError(async (error: unknown) => {
        // Where nobody knows whether the work was done, it must not be done again: the key stays taken.
        if (error instanceof DomainError && error.kind !== 'unavailable') await this.free(scope, key);
        throw error;
      }),
    );
  }

  /** The work is done and committed: an answer that cannot be kept must still reach its caller. */
  private async keep(scope: TenantScope | PlatformScope, key: string, reply: FastifyReply, body: unknown) {
    const headers = Object.fromEntries(
      KEPT_HEADERS.map((name) => [name, reply.getHeader(name)]).filter(([, value]) => typeof value === 'string'),
    ) as Record<string, string>;
    try {
      const kept = body === undefined ? null : JSON.stringify(body);
      await this.store.complete(scope, key, { status: reply.statusCode, headers, body: kept });
    } catch (error) {
      this.logger.error('The answer to an idempotent request could not be kept', error);
    }
  }

  /** A key that stays taken blocks its owner until it expires; the refusal that freed it matters more. */
  private async free(scope: TenantScope | PlatformScope, key: string): Promise<void> {
    try {
      await this.store.release(scope, key);
    } catch (error) {
      this.logger.error('An idempotency key could not be freed', error);
    }
  }
}
