import { defineErrors } from '#core';

export const webhookErrors = defineErrors('webhooks', {
  WEBHOOK_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many webhooks; delete one first' },
});
