import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics, histogram } from '#metrics';

import { AnswerTimes } from './answer-log.js';
import { RateLimits } from './rate-limit.js';

const metrics = defineMetrics({
  chancery_http_request_duration_seconds: histogram(
    'Time from the head of a request to the end of its answer, by method, pattern of the route and status',
    'method',
    'route',
    'status',
  ),
  chancery_rate_limit_rejections_total: counter('Requests beyond the quota of a rate limit, by its policy', 'policy'),
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
