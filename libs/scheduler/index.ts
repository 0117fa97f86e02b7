export { Backoff } from './backoff.js';
export { DueItems, type DueList, type DueWork, type ItemFailure, ItemsFailed } from './due-items.js';
export { type PurgeWork, purge } from './purge.js';
export { type KindCounters, Scheduler, type SchedulerLog, type SchedulerOptions } from './scheduler.js';
