import type { View } from '#database';

import { Webhook, WebhookDelivery } from './entities.js';

/** A step: the number of the first event of a history that a webhook still needs; `undefined` where none does. */
export async function firstUndelivered(view: View, tenantId: string): Promise<number | undefined> {
  const webhooks = await view.find(Webhook, { tenantId, state: 'active' }, { columns: ['id', 'nextSequence'] });
  const needed: number[] = [];
  for (const { id: webhookId, nextSequence } of webhooks) {
    // At most what is purged after some weeks: by the index of the webhook.
    const [pending] = await view.find(
      WebhookDelivery,
      { webhookId, state: 'pending' },
      { order: { sequence: 'ASC' }, limit: 1, columns: ['id', 'sequence'] },
    );
    needed.push(Math.min(nextSequence, pending?.sequence ?? nextSequence));
  }
  return needed.length === 0 ? undefined : Math.min(...needed);
}
