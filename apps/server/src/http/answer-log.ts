import type { FastifyReply, FastifyRequest } from 'fastify';

import { SECOND } from '#core';
import type { Logger } from '#logging';
import { Histogram, SECONDS_BUCKETS } from '#metrics';
import { parseSourceAddress } from '#tenants';

import { actorOf } from './principal.js';
import { traceOf } from './request-span.js';

/** Histogram of response times in seconds, by method, route and status. */
export class AnswerTimes extends Histogram {
  constructor() {
    super(SECONDS_BUCKETS);
  }
}

/** Logs each response in one line (route and time, never query, header or body), and measures its time. */
export function noteAnswer(logger: Logger, times: AnswerTimes, request: FastifyRequest, reply: FastifyReply): void {
  const { principal } = request;
  const route = request.routeOptions?.url ?? 'none';
  const traceId = traceOf(request.raw);
  times.observe(reply.elapsedTime / SECOND, methodOf(request), route, String(reply.statusCode));
  if (!logger.isLevelEnabled('info')) return;
  logger.info(
    {
      requestId: request.id,
      ...(traceId === undefined || traceId === request.id ? {} : { traceId }),
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

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Unknown methods share one series: a client could invent any number of them. */
const methodOf = ({ method }: FastifyRequest): string => (METHODS.has(method) ? method : 'other');
