import { defineErrors } from '#core';

/** Refusals that the HTTP shell itself makes, whatever the feature. */
export const httpErrors = defineErrors('http', {
  INVALID_IDEMPOTENCY_KEY: { kind: 'invalid', title: 'Invalid Idempotency-Key header' },
});
