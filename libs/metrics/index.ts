export { BoundedLabel } from './bounded-label.js';
export { Counter } from './counter.js';
export { Histogram, SECONDS_BUCKETS } from './histogram.js';
export { Measures, type MeasuresOptions, type MetricSource } from './measures.js';
export { type MetricTable, counter, defineMetrics, gauge, histogram } from './metric.js';
export { MetricsModule } from './metrics.module.js';
export { Metrics } from './metrics.service.js';
