import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Logger } from '#logging';
import { parseSourceAddress } from '#tenants';

import { actorOf } from './principal.js';

/** One line per answered request: which route, never which query, header or body. */
export function logAnswer(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { principal } = request;
  logger.info(
    {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions?.url ?? null,
      status: reply.statusCode,
      durationMilliseconds: Math.round(reply.elapsedTime * 10) / 10,
      sourceAddress: parseSourceAddress(request.ip) ?? null,
      actorId: principal === undefined ? null : actorOf(principal).id,
    },
    'request',
  );
}
