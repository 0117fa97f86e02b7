import { defineErrors } from '#core';

/** Refusals that the HTTP shell itself makes, whatever the feature. */
export const httpErrors = defineErrors('http', {
  INVALID_IDEMPOTENCY_KEY: { kind: 'invalid', title: 'Invalid Idempotency-Key header' },
  ORIGIN_NOT_ALLOWED: { kind: 'forbidden', title: "Cookies are accepted only from this installation's own pages" },
  COOKIE_SESSION_UNAVAILABLE: {
    kind: 'unprocessable',
    title: 'Cookie sessions require https, or a browser on the same machine',
  },
});
