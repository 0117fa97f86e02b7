import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics, histogram } from '#metrics';

import { AnswerTimes } from './answer-log.js';
import { RateLimits } from './rate-limit.js';

const metrics = defineMetrics({
  chancery_http_request_duration_seconds: histogram(
    'Time from the headers of a request to the end of its response, by method, route pattern and status',
    'method',
    'route',
    'status',
  ),
  chancery_rate_limit_rejections_total: counter('Requests that a rate limit rejected, by policy', 'policy'),
});

/** How requests were answered. */
@Measures({ metrics })
@Injectable()
export class RequestMetrics implements MetricSource<typeof metrics> {
  constructor(
    private readonly times: AnswerTimes,
    private readonly limits: RateLimits,
  ) {}

  measure() {
    return {
      chancery_http_request_duration_seconds: this.times,
      chancery_rate_limit_rejections_total: this.limits.rejections,
    };
  }
}
