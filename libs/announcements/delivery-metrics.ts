import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics } from '#metrics';

const metrics = defineMetrics({
  chancery_webhook_deliveries_given_up_total: counter(
    'Deliveries of webhooks that this process gave up because they had waited for 30 days',
  ),
});

/** What this process has given up. */
@Measures({ metrics })
@Injectable()
export class GivenUpDeliveries implements MetricSource<typeof metrics> {
  #count = 0;

  add(count: number): void {
    this.#count += count;
  }

  measure() {
    return { chancery_webhook_deliveries_given_up_total: this.#count };
  }
}
