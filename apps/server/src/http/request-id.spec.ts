import { describe, expect, it } from 'vitest';

import { requestIdOf, traceIdOf } from './request-id.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('the id of a trace', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['as the standard shows it', `00-${TRACE}-${PARENT}-01`, TRACE],
    ['of a later version, with more behind it', `cc-${TRACE}-${PARENT}-01-what-comes`, TRACE],
    ['of a later version', `01-${TRACE}-${PARENT}-00`, TRACE],
    ['nothing', undefined, undefined],
    ['version 00 with more behind it', `00-${TRACE}-${PARENT}-01-x`, undefined],
    ['version ff, which is invalid', `ff-${TRACE}-${PARENT}-01`, undefined],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`, undefined],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['capitals', `00-${TRACE.toUpperCase()}-${PARENT}-01`, undefined],
    ['something else', 'csk_0123456789', undefined],
  ])('the id of a trace is read from %s', (_, traceparent, expected) => {
    expect(traceIdOf({ headers: { traceparent } })).toBe(expected);
  });
});

describe('the id of a request', () => {
  const traceparent = `00-${TRACE}-${PARENT}-01`;

  it("the id of a request is the client's own, else that of its trace, else a new one", () => {
    expect(requestIdOf({ headers: { 'x-request-id': 'own-1', traceparent } })).toBe('own-1');
    expect(requestIdOf({ headers: { traceparent } })).toBe(TRACE);
    expect(requestIdOf({ headers: { 'x-request-id': 'not harmless\n', traceparent } })).toBe(TRACE);
    expect(requestIdOf({ headers: {} })).toMatch(/^[0-9a-f-]{36}$/);
  });
});
