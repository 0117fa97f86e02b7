export { ExpiryCalendar } from './calendar.js';
export { type ClockStatus, ClockWatch } from './clock-watch.js';
export { DueItems, type DueList, type DueWork, ItemsFailed } from './due-items.js';
export { DueKind } from './due-kind.js';
export { Expires } from './expires.js';
export { hostTime } from './host-time.js';
export { purge } from './purge.js';
export { type KindCounters, Scheduler } from './scheduler.js';
export { SchedulerModule, schedulerEntities } from './scheduler.module.js';
