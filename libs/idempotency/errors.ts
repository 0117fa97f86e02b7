import { defineErrors } from '#core';

export const idempotencyErrors = defineErrors('idempotency', {
  IDEMPOTENCY_KEY_REUSED: { kind: 'unprocessable', title: 'The idempotency key was used with a different request' },
  IDEMPOTENCY_KEY_IN_USE: { kind: 'conflict', title: 'A request with this idempotency key is still running' },
});
