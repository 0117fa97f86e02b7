import type { EntityClass } from '#database';
import { InstallationClock } from './entities.js';

export const schedulerEntities: readonly EntityClass[] = [InstallationClock];
export { Backoff } from './backoff.js';
export { type ClockLog, type ClockStatus, ClockWatch } from './clock-watch.js';
export { DueItems, type DueList, type DueWork, type ItemFailure, ItemsFailed } from './due-items.js';
export { clockEvents } from './events.js';
export { hostTime } from './host-time.js';
export { type PurgeWork, purge } from './purge.js';
export { type KindCounters, Scheduler, type SchedulerLog, type SchedulerOptions } from './scheduler.js';
