import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import { coreErrors } from '#core';
import { Metrics } from '#metrics';

import { Fails } from '../http/fails.js';
import { Public } from '../http/requires.js';
import { ServedWhileSealed } from '../http/seal.guard.js';
import { MetricsAccess } from './metrics-access.js';

/** The version is a parameter of the media type: scrapers go by it. */
const TEXT = {
  'text/plain; version=0.0.4': {
    schema: { type: 'string', example: '# TYPE chancery_sealed gauge\nchancery_sealed 0\n' },
  },
};

/** Metrics on the port of the API, for a caller with their token. */
@ApiTags('Health')
@Controller('metrics')
@Public()
@ServedWhileSealed()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly access: MetricsAccess,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Read the metrics of this process, for Prometheus',
    description: 'Not found unless `CHANCERY_METRICS_TOKEN` is set and `CHANCERY_METRICS_PORT` is not.',
  })
  @ApiHeader({
    name: 'Authorization',
    required: false,
    description: '`Bearer` and the value of `CHANCERY_METRICS_TOKEN`',
  })
  @ApiOkResponse({ description: 'Text format 0.0.4 of Prometheus', content: TEXT })
  @Fails(coreErrors.CREDENTIALS_REQUIRED, coreErrors.INVALID_CREDENTIALS, coreErrors.NOT_FOUND)
  async getMetrics(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.access.requireOnMainPort(authorization);
    const text = await this.metrics.exposition();
    reply.type(this.metrics.contentType).header('Cache-Control', 'no-store');
    return text;
  }
}
