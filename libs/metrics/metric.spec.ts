import { describe, expect, it } from 'vitest';

import { type MetricDefinition, counter, defineMetrics, gauge, histogram } from './metric.js';

describe('names of metrics', () => {
  it.each<[string, MetricDefinition]>([
    ['a counter without _total', counter('Counts')],
    ['a gauge with _total', gauge('Shows')],
    ['milliseconds', histogram('Times')],
    ['no prefix of the product', gauge('Shows')],
    ['capitals', gauge('Shows')],
  ])('%s is rejected', (what, definition) => {
    const names: Record<string, string> = {
      'a counter without _total': 'chancery_tokens',
      'a gauge with _total': 'chancery_tokens_total',
      milliseconds: 'chancery_wait_milliseconds',
      'no prefix of the product': 'tokens',
      capitals: 'chancery_Tokens',
    };
    expect(() => defineMetrics({ [names[what]!]: definition })).toThrow(names[what]);
  });

  it('names by the conventions are accepted', () => {
    const table = {
      chancery_tokens_signed_total: counter('Counts', 'format'),
      chancery_wait_seconds: histogram('Times'),
      chancery_sealed: gauge('Shows'),
    };
    expect(defineMetrics(table)).toBe(table);
  });
});
