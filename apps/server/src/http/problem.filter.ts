import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type DomainError, UUID_PATTERN, coreErrors } from '#core';
import { LOGGER, type Logger, describeError } from '#logging';
import { tenantParameter } from './auth.guard.js';
import type { Drain } from './drain.js';
import { toDomainError } from './foreign-errors.js';
import { type AnswerTimes, noteAnswer } from './answer-log.js';
import { PROBLEM_MEDIA_TYPE, problemHeaders, toProblem } from './problem.js';
import { ProblemForms } from './problem-forms.js';
import { RefusalLog, type RefusedRequest, isRecorded } from './refusal-log.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';
import { sourceAddressOf } from './source-address.js';

/** Answers everything that was thrown with a problem document, after the refusal of a known caller was recorded. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly refusals: RefusalLog,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly forms: ProblemForms,
  ) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    // Only the caller can end a body before its end: no failure of this server.
    const isCutOff = thrown instanceof Error && request.raw.errored === thrown;
    const found = isCutOff
      ? coreErrors.VALIDATION_ERROR('The request ended before its body did')
      : toDomainError(thrown);
    const error = await this.forms.formOf(request, reply, found);
    if (error.kind === 'internal') logFault(this.logger, request.id, error, thrown);
    if (error.kind === 'unavailable' && error.cause !== undefined) {
      const fields = { requestId: request.id, code: error.code, error: describeError(error.cause) };
      this.logger.warn(fields, 'A request could not be done now');
    }
    await this.recordRefusal(request, error);
    if (reply.sent || reply.raw.headersSent) {
      // Half an answer is on its way: cutting it off is the only way left to say that it is not a whole one.
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, error);
  }

  private async recordRefusal(request: FastifyRequest, error: DomainError): Promise<void> {
    if (!isRecorded(error.kind)) return;
    try {
      const refused = refusedRequest(request);
      if (refused !== undefined) await this.refusals.record(refused, error);
    } catch (failure) {
      // A refusal stays a refusal, whatever becomes of its record.
      this.logger.error({ requestId: request.id, error: describeError(failure) }, 'A refusal could not be recorded');
    }
  }
}

function refusedRequest(request: FastifyRequest): RefusedRequest | undefined {
  const { principal, scope } = request;
  if (principal === undefined) return undefined;
  const tenant = tenantParameter(request);
  const parameters = (request.params as Record<string, string> | null) ?? {};
  const { credentialId, kid } = parameters;
  return {
    principal,
    ...(scope === undefined ? {} : { scope }),
    ...(tenant === undefined ? {} : { tenant }),
    target: targetOf(parameters),
    ...(credentialId !== undefined && UUID_PATTERN.test(credentialId) ? { credentialId } : {}),
    ...(kid !== undefined && IDENTIFIER.test(kid) ? { kid } : {}),
    method: request.method,
    route: request.routeOptions.url ?? '',
    requestId: request.id,
    sourceAddress: sourceAddressOf(request),
  };
}

/** Path parameters that say who a person is: they stay out of the history. */
const PERSONAL_PARAMETERS: ReadonlySet<string> = new Set(['phone']);

/** Ids, slugs, names of profiles and kids. What is none of them may be a secret in the wrong place, and is not kept. */
const IDENTIFIER = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * What the path names: its most specific thing, but of a version of a key the key itself, as in every other event about one. So
 * the refusals are in the life of the key.
 */
function targetOf(parameters: Readonly<Record<string, string>>): string {
  const { keyId } = parameters;
  const target = keyId ?? Object.entries(parameters).findLast(([name]) => !PERSONAL_PARAMETERS.has(name))?.[1];
  if (target === undefined) return 'none';
  return IDENTIFIER.test(target) ? target : 'unrecognised';
}

function logFault(logger: Logger, requestId: string, error: DomainError, thrown: unknown): void {
  logger.error({ requestId, error: describeError(error === thrown ? error : thrown) }, 'A request failed');
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: DomainError): void {
  const problem = toProblem(error, { instance: request.url, requestId: request.id });
  // A string is sent as it is: no serializer of the route applies to a refusal.
  reply.status(problem.status).headers(problemHeaders(error)).send(JSON.stringify(problem));
}

/** Answers what Fastify refuses before any hook or filter sees it: bad URLs and over-long parameters. */
export const frameworkErrorHandler =
  (logger: Logger, drain: Drain, times: AnswerTimes, forms: ProblemForms) =>
  async (thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const error = await forms.formOf(request, reply, toDomainError(thrown));
    reply.headers({
      [REQUEST_ID_HEADER]: request.id,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      // No hook runs for these.
      ...(drain.begun ? { Connection: 'close' } : {}),
    });
    if (error.kind === 'internal') logFault(logger, request.id, error, thrown);
    sendProblem(request, reply, error);
    noteAnswer(logger, times, request, reply);
  };

/** What Node's HTTP parser gives up on, by its code; these have no place among the codes of the API. */
const UNREADABLE: Readonly<Record<string, readonly [status: number, title: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The header fields are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
};

/** Answers, on the bare socket, what is no HTTP request, and closes it. */
export function answerUnreadable(failure: ConnectionError, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, title] = UNREADABLE[failure.code ?? ''] ?? [400, 'This is not an HTTP request'];
  endWithProblem(socket, { status, title, code: 'UNREADABLE_REQUEST' });
}

/** Answers CONNECT, which asks for a tunnel through this server and never reaches a route (RFC 9110 §9.3.6). */
export function rejectTunnel(socket: Duplex): void {
  // Node has taken its own listeners away by now: without one, a caller that resets the connection would end the process.
  socket.on('error', () => socket.destroy());
  const { code, message: title } = coreErrors.METHOD_NOT_ALLOWED();
  endWithProblem(socket, { status: 405, title, code, headers: ['Allow:'] });
}

function endWithProblem(
  socket: Duplex,
  { status, title, code, headers = [] }: { status: number; title: string; code: string; headers?: readonly string[] },
): void {
  const requestId = requestIdOf({ headers: {} });
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: title, instance: '', code, requestId });
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      ...headers,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  } else {
    socket.destroy();
  }
}
