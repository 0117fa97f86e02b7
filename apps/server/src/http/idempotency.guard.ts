import { createHash } from 'node:crypto';
import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from './api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PlatformScope, TenantScope } from '#core';
import { completing } from '#database';
import {
  type KeyClaim,
  type KeyReservation,
  Repetition,
  type SecretReference,
  type StoredAnswer,
  restoreBody,
} from './answer-once.js';
import { httpErrors } from './errors.js';
import { perRoute } from './per-route.js';
import { PermissionPolicy, type Principal } from './principal.js';
import { routeAccess } from './requires.js';

const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
/** `true` on a repeated response. */
const REPLAYED_HEADER = 'Idempotency-Replayed';

/** The owner of a key: one caller in one scope. */
export interface Claimant {
  readonly scope: TenantScope | PlatformScope;
  readonly principal: Principal;
}

/**
 * Stores the first answer to each key of a caller for 24 h. `claim` is atomic and throws `IDEMPOTENCY_KEY_REUSED` for
 * another payload, `IDEMPOTENCY_KEY_IN_USE` while another attempt runs, and `GONE` if the answer was erased.
 */
export abstract class IdempotencyStore {
  abstract claim(
    claimant: Claimant,
    key: string,
    payloadHash: string,
  ): Promise<{ readonly claim: KeyClaim } | { readonly answer: StoredAnswer }>;

  /** As `claim`, for work that commits only if its key is free; `undefined` if the key must be claimed. */
  abstract reserve(claimant: Claimant, key: string, payloadHash: string): Promise<KeyReservation | undefined>;

  /** The texts of secrets, in order; each release is recorded. @throws GONE if one may not be shown again */
  abstract reopen(claimant: Claimant, references: readonly SecretReference[]): Promise<readonly string[]>;
}

const NotStoredMark = Reflector.createDecorator<true>({ transform: () => true });

/** The member of an OpenAPI operation that says that the route takes no idempotency key. */
export const NOT_STORED_EXTENSION = 'x-not-stored';

/**
 * A POST whose answer is not stored, whatever its idempotency key: it changes nothing that a repetition would change
 * again, or it releases a secret, where each release is decided and recorded again.
 */
export const NotStored = (): MethodDecorator =>
  applyDecorators(NotStoredMark(), ApiExtension(NOT_STORED_EXTENSION, true));

/** Whether the responses of a POST route are stored; the handler overrides its class. */
export const isStored = perRoute(
  (handler, controller): boolean =>
    !new Reflector().getAllAndOverride(NotStoredMark, [handler as never, controller as never]),
);

const ACCEPTABLE_KEY = /^[\x21-\x7e]{1,255}$/;

/** SHA-256 in hex over what makes two requests the same: method, target (with its query), step-up and the exact body. */
export const payloadHash = (method: string, target: string, body: Uint8Array = new Uint8Array(), stepUp = ''): string =>
  createHash('sha256').update(`${method} ${target}\n${stepUp}`).update(body).digest('hex');

/** A step-up is part of the payload, like the password in a body: a repetition without it must not return a secret. */
const stepUpOf = (principal: Principal): string =>
  principal.kind === 'user' && principal.stepUp ? `${principal.stepUp.reveal()}\n` : '';

const hashOf = (principal: Principal, { method, url, rawBody }: FastifyRequest): string =>
  payloadHash(method, url, rawBody, stepUpOf(principal));

/**
 * Makes every POST of a member, an administrator or a service safe to repeat with an `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header): the key is claimed by `answerOnce` of the route, once its input is known to
 * be acceptable. A refused or failed request leaves the key free, so that it may be corrected and sent again.
 *
 * A guard, because an interceptor of Nest takes as long as signing a token, with a key or without.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  private readonly logger = new Logger(IdempotencyGuard.name);

  constructor(
    private readonly store: IdempotencyStore,
    private readonly policy: PermissionPolicy,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = request.headers[IDEMPOTENCY_KEY_HEADER];
    const { scope, principal } = request;
    if (key === undefined || scope === undefined || principal === undefined) return true;
    if (request.method !== 'POST' || !this.isStored(context)) return true;
    if (typeof key !== 'string' || !ACCEPTABLE_KEY.test(key)) {
      throw httpErrors.INVALID_IDEMPOTENCY_KEY('An idempotency key has 1 to 255 printable ASCII characters');
    }
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const repetition = new Repetition({
      reserve: () => this.store.reserve({ scope, principal }, key, hashOf(principal, request)),
      claim: () => this.claim({ scope, principal }, key, request, reply),
      status: () => reply.statusCode,
    });
    request.workScope = completing(scope, repetition);
    return true;
  }

  private async claim(
    claimant: Claimant,
    key: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ readonly claim: KeyClaim } | { readonly repeated: unknown }> {
    const found = await this.store.claim(claimant, key, hashOf(claimant.principal, request));
    if ('claim' in found) {
      const { claim } = found;
      return { claim: { ...claim, release: () => this.release(claim) } };
    }
    const { answer } = found;
    const references = answer.secrets.map(({ reference }) => reference);
    const texts = references.length === 0 ? [] : await this.store.reopen(claimant, references);
    reply.status(answer.status).header(REPLAYED_HEADER, 'true');
    return { repeated: restoreBody(answer, texts) };
  }

  /** Public routes and those of the caller's session have no scope to store a response in. */
  private isStored(context: ExecutionContext): boolean {
    const route = [context.getHandler(), context.getClass()] as const;
    const access = routeAccess(...route);
    if (access === undefined || access.public || this.policy.audience(access.permission) === 'user') return false;
    return isStored(...route);
  }

  /** If this fails, the claim ends with its lease. */
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
    /** The scope for the work of a request with an idempotency key. */
    workScope?: TenantScope | PlatformScope;
  }
}
