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
