import { defineLifecycle } from '#core';

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** What becomes of one message for one receiver. The history has what it tells; its deliveries are no part of it. */
export const deliveryLifecycle = defineLifecycle({
  noun: 'delivery',
  states: deliveryStates,
  initial: ['pending'],
  live: ['pending'],
  events: {
    deliver: { from: ['pending'], to: 'delivered', done: 'delivered', records: null },
    fail: { from: ['pending'], to: 'failed', done: 'given up', records: null },
    repeat: { from: ['delivered', 'failed'], to: 'pending', done: 'requested again', records: null },
  },
});
