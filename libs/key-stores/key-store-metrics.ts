import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics, gauge, histogram } from '#metrics';

import { KeyStores } from './key-stores.service.js';

const metrics = defineMetrics({
  chancery_key_store_up: gauge('1 if the key store answered the last call, otherwise 0', 'store'),
  chancery_key_store_waiting: gauge('Requests in this process that wait for the key store', 'store'),
  chancery_key_store_seconds: histogram(
    'Duration of key store calls, excluding the wait in the queue',
    'store',
    'action',
  ),
  chancery_key_store_failures_total: counter('Calls that the key store did not answer or rejected', 'store'),
});

/** How the key stores answer this process. */
@Measures({ metrics })
@Injectable()
export class KeyStoreMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly stores: KeyStores) {}

  measure() {
    const { states, seconds, failures } = this.stores;
    return {
      chancery_key_store_up: states
        .filter(({ isUp }) => isUp !== undefined)
        .map(({ name, isUp }) => ({ value: Number(isUp), labels: [name] })),
      chancery_key_store_waiting: states.map(({ name, waiting }) => ({ value: waiting, labels: [name] })),
      chancery_key_store_seconds: seconds,
      chancery_key_store_failures_total: failures,
    };
  }
}
