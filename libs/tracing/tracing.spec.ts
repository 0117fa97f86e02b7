import { afterEach, describe, expect, it } from 'vitest';

import { headersOf } from './settings.js';
import { type Span, beginRequest, inSpan, traceWith, within } from './tracing.js';

/** Spans as `name < name of its parent`, in the order in which they ended. */
function recording(): string[] {
  const ended: string[] = [];
  const names = new Map<Span, string>();
  traceWith({
    begin: (name, _kind, parent) => {
      const of = typeof parent === 'object' ? names.get(parent)! : (parent ?? 'none');
      const span: Span = {
        traceId: '1'.repeat(32),
        end: ({ errorCode }) => ended.push(`${name} < ${of}${errorCode === undefined ? '' : ` ${errorCode}`}`),
      };
      names.set(span, name);
      return span;
    },
    close: async () => undefined,
  });
  return ended;
}

describe('a span', () => {
  afterEach(() => traceWith(undefined));

  it('a span gives what its work gives, whether or not anything is traced', async () => {
    expect([await inSpan('one', async () => 1), beginRequest(undefined)]).toEqual([1, undefined]);
    recording();
    expect(await inSpan('one', async () => 2)).toBe(2);
    await expect(inSpan('one', async () => Promise.reject(new RangeError('x')))).rejects.toThrow(RangeError);
  });

  it('a span is part of the one in which its work was begun', async () => {
    const ended = recording();
    await inSpan('outer', async () => {
      await Promise.all([inSpan('first', async () => undefined), inSpan('second', async () => undefined)]);
    });
    await inSpan('next', async () => undefined);
    expect(ended.toSorted()).toEqual(['first < outer', 'next < none', 'outer < none', 'second < outer']);
  });

  it('the spans of a request are part of it, and a failure has the code of its error', async () => {
    const ended = recording();
    const request = beginRequest('parent')!;
    const failed = Object.assign(new Error('with a secret'), { code: 'NOT_FOUND' });
    await new Promise<void>((resolve) => {
      within(request, () => void inSpan('inner', async () => Promise.reject(failed)).catch(() => resolve()));
    });
    request.end({});
    expect(ended).toEqual(['inner < request NOT_FOUND', 'request < parent']);
  });
});

describe('headers for a collector', () => {
  it('headers for a collector are read as OpenTelemetry writes them', () => {
    expect(headersOf('api-key=a%3Db%2C, x=1')).toEqual({ 'api-key': 'a=b,', x: '1' });
  });

  it.each(['', 'name', '=x', 'a b=c', 'a=%'])(
    'headers for a collector that cannot be read are rejected: %j',
    (value) => {
      expect(() => headersOf(value)).toThrow(/^must/);
    },
  );
});
