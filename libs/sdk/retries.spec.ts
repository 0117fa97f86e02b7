import { describe, expect, it } from 'vitest';

import { RETRY_LIMITS_DEFAULT, isRepeatable, pauseAfter, retryAfterMilliseconds } from './retries.js';

const NOW = Date.UTC(2026, 10, 27, 12);

const answer = (status: number, retryAfter?: string) => ({
  status,
  headers: new Headers(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
});

describe('isRepeatable', () => {
  it.each([
    ['GET', {}, true],
    ['DELETE', {}, true],
    ['POST', {}, false],
    ['PATCH', {}, false],
    ['POST', { 'Idempotency-Key': 'order-4711' }, true],
  ])('whether a request may be repeated follows from its method and key: %s %j', (method, headers, repeatable) => {
    expect(isRepeatable(method, new Headers(headers))).toBe(repeatable);
  });
});

describe('retryAfterMilliseconds', () => {
  it.each([
    [null, undefined],
    ['0', 0],
    ['7', 7_000],
    ['Fri, 27 Nov 2026 12:00:09 GMT', 9_000],
    ['Fri, 27 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
  ])('Retry-After %j is %j milliseconds', (value, milliseconds) => {
    expect(retryAfterMilliseconds(value, NOW)).toBe(milliseconds);
  });
});

describe('pauseAfter', () => {
  const pause = (number: number, given: ReturnType<typeof answer> | undefined, repeatable = true, random = 1) =>
    pauseAfter({ number, answer: given, repeatable }, RETRY_LIMITS_DEFAULT, NOW, random);

  it('the pause is as long as the server says, whatever the attempt', () => {
    expect([pause(1, answer(429, '3')), pause(3, answer(503, '3'))]).toEqual([3_000, 3_000]);
  });

  it('a server that asks for a longer pause than the limit is not waited for', () => {
    expect([pause(1, answer(429, '30')), pause(1, answer(429, '31'))]).toEqual([30_000, undefined]);
  });

  it('pauses that the server does not name double, and differ between clients', () => {
    expect([1, 2, 3].map((number) => pause(number, answer(503)))).toEqual([250, 500, 1_000]);
    expect(pause(1, answer(503), true, 0)).toBe(125);
  });

  it('the last attempt is the last', () => {
    expect(pause(4, answer(503))).toBeUndefined();
  });

  it.each([
    ['no answer', undefined, false],
    ['502', answer(502), false],
    ['503', answer(503), false],
  ])(
    'a request that may have been carried out is repeated only where that does no harm: %s',
    (_, given, repeatable) => {
      expect(pause(1, given, repeatable)).toBeUndefined();
      expect(pause(1, given, true)).toBe(250);
    },
  );

  it('a request that was refused for the rate is repeated in any case, one that was answered never', () => {
    expect(pause(1, answer(429, '1'), false)).toBe(1_000);
    for (const status of [200, 201, 400, 401, 403, 404, 409, 422, 500])
      expect(pause(1, answer(status))).toBeUndefined();
  });
});
