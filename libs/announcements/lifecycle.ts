import { defineLifecycle } from '#core';

import { webhookEvents } from './events.js';

export const webhookStates = ['active', 'disabled'] as const;
export type WebhookState = (typeof webhookStates)[number];

/** The columns of a webhook that its events name. */
interface WebhookColumns {
  readonly id: string;
  readonly tenantId: string;
}

/** Whether events are sent. */
export const webhookLifecycle = defineLifecycle({
  noun: 'webhook',
  states: webhookStates,
  initial: ['active'],
  live: webhookStates,
  about: ({ id, tenantId }: WebhookColumns) => ({ targetId: id, tenantId }),
  events: {
    enable: {
      from: ['disabled'],
      to: 'active',
      done: 'enabled',
      records: webhookEvents.enabled,
      repeated: 'unchanged',
    },
    disable: {
      from: ['active'],
      to: 'disabled',
      done: 'disabled',
      records: webhookEvents.disabled,
      repeated: 'unchanged',
    },
    fail: { from: ['active'], to: 'disabled', done: 'disabled', records: webhookEvents.failed },
  },
});

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** What becomes of one event for one webhook. The history has the event itself; its deliveries are no part of it. */
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
