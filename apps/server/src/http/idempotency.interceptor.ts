import { createHash } from 'node:crypto';
import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, catchError, mergeMap, of } from 'rxjs';
import type { PlatformScope, TenantScope } from '#core';
import { completing } from '#database';
import { type KeyClaim, Repetition, type SecretReference, type StoredAnswer, restoreBody } from './answer-once.js';
import { httpErrors } from './errors.js';
import { PermissionPolicy, type Principal } from './principal.js';
import { routeAccess } from './requires.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
/** `true` on an answer that was given before. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** Whose request it is: a key belongs to one caller in one scope. */
export interface Claimant {
  readonly scope: TenantScope | PlatformScope;
  readonly principal: Principal;
}

/**
 * Stores the first answer to each key of a caller for 24 h. `claim` is atomic and throws `IDEMPOTENCY_KEY_REUSED` for
 * another payload, `IDEMPOTENCY_KEY_IN_USE` while another attempt runs, and `GONE` where the answer was erased.
 */
export abstract class IdempotencyStore {
  abstract claim(
    claimant: Claimant,
    key: string,
    payloadHash: string,
  ): Promise<{ readonly claim: KeyClaim } | { readonly answer: StoredAnswer }>;

  /** The texts of secrets, in order, each release recorded. @throws GONE where one may not be shown again */
  abstract reopen(claimant: Claimant, references: readonly SecretReference[]): Promise<readonly string[]>;
}

const NotStoredMark = Reflector.createDecorator<true>({ transform: () => true });

/** The member of an OpenAPI operation that says that the route takes no idempotency key. */
export const NOT_STORED_EXTENSION = 'x-not-stored';

/**
 * A POST whose answer is not stored, whatever its idempotency key: it changes nothing that a repetition would change
 * again, or it releases a secret, where each release is decided and recorded anew.
 */
export const NotStored = (): MethodDecorator =>
  applyDecorators(NotStoredMark(), ApiExtension(NOT_STORED_EXTENSION, true));

/** Whether the answers of a route are stored where it is a POST; the handler wins over its class. */
export const isStored = (handler: Function, controller: Function): boolean =>
  !new Reflector().getAllAndOverride(NotStoredMark, [handler as never, controller as never]);

const ACCEPTABLE_KEY = /^[\x21-\x7e]{1,255}$/;

/** SHA-256 in hex over what makes two requests the same: method, target (with its query), step-up and the exact body. */
export const payloadHash = (method: string, target: string, body: Uint8Array = new Uint8Array(), stepUp = ''): string =>
  createHash('sha256').update(`${method} ${target}\n${stepUp}`).update(body).digest('hex');

/** A step-up is part of the payload as the password in a body is: without it a repetition reads no secret. */
const stepUpOf = (principal: Principal): string =>
  principal.kind === 'user' && principal.stepUp ? `${principal.stepUp.reveal()}\n` : '';

/**
 * Makes every POST of a member, an administrator or a service safe to repeat with an `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header). A refused or failed request leaves the key free, so that it may be
 * corrected and sent again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger(IdempotencyInterceptor.name);

  constructor(
    private readonly store: IdempotencyStore,
    private readonly policy: PermissionPolicy,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const key = request.headers[IDEMPOTENCY_KEY_HEADER];
    const { scope, principal } = request;
    const applies = request.method === 'POST' && this.isStored(context);
    if (!applies || key === undefined || scope === undefined || principal === undefined) return next.handle();
    if (typeof key !== 'string' || !ACCEPTABLE_KEY.test(key)) {
      throw httpErrors.INVALID_IDEMPOTENCY_KEY('An idempotency key has 1 to 255 printable ASCII characters');
    }

    const claimant: Claimant = { scope, principal };
    const hash = payloadHash(request.method, request.url, request.rawBody, stepUpOf(principal));
    const found = await this.store.claim(claimant, key, hash);
    if ('answer' in found) {
      const { answer } = found;
      const references = answer.secrets.map(({ reference }) => reference);
      const texts = references.length === 0 ? [] : await this.store.reopen(claimant, references);
      reply.status(answer.status).header(REPLAYED_HEADER, 'true');
      return of(restoreBody(answer, texts));
    }
    const repetition = new Repetition(found.claim, () => reply.statusCode);
    request.workScope = completing(scope, repetition);
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        await this.end(repetition, found.claim);
        return body;
      }),
      catchError(async (error: unknown) => {
        // Whether or not the commit of a failed work took place: only a key without an answer is freed.
        await this.release(found.claim);
        throw error;
      }),
    );
  }

  /** Public routes and those of one's own session have no scope in which an answer could be kept. */
  private isStored(context: ExecutionContext): boolean {
    const route = [context.getHandler(), context.getClass()] as const;
    const access = routeAccess(...route);
    if (access === undefined || access.public || this.policy.audience(access.permission) === 'user') return false;
    return isStored(...route);
  }

  /** A dry run stores nothing, and a repetition is computed again. */
  private async end(repetition: Repetition, claim: KeyClaim): Promise<void> {
    if (repetition.completed) claim.finish();
    else await this.release(claim);
  }

  /** Where this fails, the claim ends by itself with its lease. */
  private async release(claim: KeyClaim): Promise<void> {
    try {
      await claim.release();
    } catch (error) {
      this.logger.warn('An idempotency key could not be released', error);
    }
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The scope for the work of a request that has claimed an idempotency key. */
    workScope?: TenantScope | PlatformScope;
  }
}
