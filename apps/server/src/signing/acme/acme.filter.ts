import { type ArgumentsHost, Catch, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { asAcmeError } from '#acme';
import { LOGGER, type Logger } from '#logging';

import { toDomainError } from '../../http/foreign-errors.js';
import { ProblemFilter } from '../../http/problem.filter.js';
import { RefusalLog } from '../../http/refusal-log.js';
import { AcmeAnswers } from './acme-answers.js';

/** Answers what was thrown with a problem document of the protocol, and with a nonce for the next attempt (RFC 8555 §6.5). */
@Catch()
@Injectable()
export class AcmeProblemFilter extends ProblemFilter {
  constructor(
    refusals: RefusalLog,
    @Inject(LOGGER) logger: Logger,
    private readonly answers: AcmeAnswers,
  ) {
    super(refusals, logger);
  }

  override async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = asAcmeError(toDomainError(thrown));
    await this.answers.prepareRefusal(request, reply, error);
    await this.answer(error, host);
  }
}
