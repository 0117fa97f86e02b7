export { Backoff } from './backoff.js';
export { type ClockLog, type ClockStatus, ClockWatch } from './clock-watch.js';
export { DueItems, type DueList, type DueWork, type ItemFailure, ItemsFailed } from './due-items.js';
export { clockEvents } from './events.js';
export { Expires } from './expires.js';
export { hostTime } from './host-time.js';
export { type PurgeWork, purge } from './purge.js';
export { type KindCounters, Scheduler, type SchedulerLog, type SchedulerOptions } from './scheduler.js';
export { SchedulerModule, schedulerEntities } from './scheduler.module.js';
