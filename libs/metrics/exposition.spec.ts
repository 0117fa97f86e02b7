import { describe, expect, it } from 'vitest';

import { Counter } from './counter.js';
import { linesOf } from './exposition.js';
import { Histogram } from './histogram.js';
import { counter, gauge, histogram } from './metric.js';

describe('the lines of a metric', () => {
  it('a histogram has cumulative buckets with inclusive bounds, the last one for all, its sum and its count', () => {
    const times = new Histogram([1, 2]);
    for (const value of [0.5, 1, 1.5, 9]) times.observe(value, 'GET');
    const lines = linesOf('t', histogram('Times', 'method'), times);
    expect(lines.map(({ metricName, value, labels }) => [metricName, labels['le'], value])).toEqual([
      ['t_bucket', 1, 2],
      ['t_bucket', 2, 3],
      ['t_bucket', '+Inf', 4],
      ['t_sum', undefined, 12],
      ['t_count', undefined, 4],
    ]);
    expect(lines.every(({ labels }) => labels['method'] === 'GET')).toBe(true);
  });

  it('a counter and a list of samples have a line for each combination of labels, by the names of the table', () => {
    const counted = new Counter();
    counted.increment('jwt', 'ES256');
    const labels = { format: 'jwt', algorithm: 'ES256' };
    expect(linesOf('t', counter('Counts', 'format', 'algorithm'), counted)).toEqual([{ value: 1, labels }]);
    const samples = [{ value: 3, labels: ['jwt', 'ES256'] }];
    expect(linesOf('t', gauge('Shows', 'format', 'algorithm'), samples)).toEqual([{ value: 3, labels }]);
  });

  it('a number has one line without labels, and what is not known has none', () => {
    expect(linesOf('t', gauge('Shows'), 5)).toEqual([{ value: 5, labels: {} }]);
    expect(linesOf('t', gauge('Shows'), undefined)).toEqual([]);
  });
});
