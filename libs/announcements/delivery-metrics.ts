import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics } from '#metrics';

const metrics = defineMetrics({
  chancery_webhook_deliveries_given_up_total: counter(
    'Webhook deliveries that this process gave up: rejected by the receiver for 3 days (refused), waiting for 30 days (waited), or without an event because it was erased (missing)',
    'reason',
  ),
});

/** Why a delivery is given up. */
export const givenUpReasons = ['refused', 'waited', 'missing'] as const;
export type GivenUpReason = (typeof givenUpReasons)[number];

/** What this process has given up. */
@Measures({ metrics })
@Injectable()
export class GivenUpDeliveries implements MetricSource<typeof metrics> {
  readonly #counts: Record<GivenUpReason, number> = { refused: 0, waited: 0, missing: 0 };

  add(reason: GivenUpReason, count = 1): void {
    this.#counts[reason] += count;
  }

  measure() {
    const values = givenUpReasons.map((reason) => ({ value: this.#counts[reason], labels: [reason] }));
    return { chancery_webhook_deliveries_given_up_total: values };
  }
}
