import {
  type CallHandler,
  type ExecutionContext,
  HttpCode,
  Injectable,
  type NestInterceptor,
  type Type as Class,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, firstValueFrom, from } from 'rxjs';
import { DomainError, type EventDraft, asDryRun } from '#core';
import { DryRunEnd } from '#database';
import { ApiNoContentResponse, ApiOkResponse, ApiQuery } from '../http/api-declarations.js';
import { ReadsQuery } from '../http/declared-input.guard.js';
import { QUERY_GROUP } from '../http/fields.js';
import { PermissionPolicy } from '../http/principal.js';
import { routeAccess } from '../http/requires.js';
import { parseInput } from '../http/validation.pipe.js';
import { ActionDryRun, AnswersOrDryRun, DRY_RUN_DESCRIPTION, DryRunQuery, presentDryRun } from './dry-run.contract.js';

/** How an action is rejected by what it would find; whatever else is thrown is the answer, in a dry run as well. */
const REJECTING_KINDS: ReadonlySet<string> = new Set(['conflict', 'unprocessable', 'forbidden']);

/**
 * With `dryRun=true`, the handler does its work by a scope whose transactions are rolled back, and what it would have recorded is
 * answered. Neither a password nor an idempotency key is used up.
 */
@Injectable()
export class DryRuns implements NestInterceptor {
  constructor(private readonly policy: PermissionPolicy) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { dryRun = false } = await parseInput(DryRunQuery, request.query, QUERY_GROUP);
    const { scope } = request;
    if (!dryRun || scope === undefined) return next.handle();
    request.workScope = asDryRun(scope);
    context.switchToHttp().getResponse<FastifyReply>().status(200);
    return from(this.attempt(next, this.rejectionsOfCaller(context)));
  }

  private async attempt(next: CallHandler, rejectionsOfCaller: ReadonlySet<string>): Promise<ActionDryRun> {
    let events: readonly EventDraft[] = [];
    try {
      await firstValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      const isRejected =
        error instanceof DomainError && REJECTING_KINDS.has(error.kind) && !rejectionsOfCaller.has(error.code);
      if (isRejected) return presentDryRun({ allowed: false, code: error.code, events });
      if (!(error instanceof DryRunEnd)) throw error;
      ({ events } = error);
    }
    return presentDryRun({ allowed: true, events });
  }

  private rejectionsOfCaller(context: ExecutionContext): ReadonlySet<string> {
    const permission = routeAccess(context.getHandler(), context.getClass())?.permission;
    const errors = permission === undefined ? [] : this.policy.errorsOf(this.policy.audience(permission));
    return new Set(errors.map(({ code }) => code));
  }
}

/**
 * The action of the route has a dry run: its transaction is rolled back. For a use case that does its work in one transaction and has
 * no effect before it.
 * @param answer what the action answers; nothing (204) where it is only described
 */
export const WithDryRun = (answer: string | { type: Class<unknown>; description: string }): MethodDecorator =>
  applyDecorators(
    ReadsQuery(),
    UseInterceptors(DryRuns),
    ApiQuery({ name: 'dryRun', required: false, type: Boolean, description: DRY_RUN_DESCRIPTION }),
    ...(typeof answer === 'string'
      ? [
          HttpCode(204),
          ApiNoContentResponse({ description: answer }),
          ApiOkResponse({ type: ActionDryRun, description: 'With `dryRun=true`: the effect' }),
        ]
      : [HttpCode(200), AnswersOrDryRun(answer.type, ActionDryRun, answer.description)]),
  );
