import { Counter, Histogram, SECONDS_BUCKETS } from '#metrics';

/** Counts of the database in memory, for metrics. */
export class DatabaseMeasures {
  /** How many requests each shared transaction made durable. */
  readonly batchSizes = new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256]);
  /** Seconds from a request's arrival to the beginning of its transaction. */
  readonly batchWaits = new Histogram(SECONDS_BUCKETS);
  /** Look-ups of what is kept of configurations: what is kept, `hit` or `miss`. */
  readonly lookups = new Counter();
}
