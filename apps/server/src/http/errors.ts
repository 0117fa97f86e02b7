import { defineErrors } from '#core';

/** Refusals that the HTTP shell itself makes, whatever the feature. */
export const httpErrors = defineErrors('http', {
  INVALID_IDEMPOTENCY_KEY: { kind: 'invalid', title: 'Invalid Idempotency-Key header' },
  ORIGIN_NOT_ALLOWED: { kind: 'forbidden', title: 'Cookies are accepted from pages of this installation only' },
  COOKIE_SESSION_UNAVAILABLE: {
    kind: 'unprocessable',
    title: 'Sessions in a cookie need https, or a browser on the machine itself',
  },
});
