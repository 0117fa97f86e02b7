export { BatchedLookup } from './batched-lookup.js';
export { type Json, canonicalJson } from './canonical-json.js';
export { definedMembers, withMembers } from './members.js';
export {
  Clock,
  type EpochMilliseconds,
  type EpochSeconds,
  ManualClock,
  type Rfc3339,
  type TimeSource,
  fromRfc3339,
  fromRfc3339Date,
  systemClock,
  toDate,
  toEpochSeconds,
  toHttpDate,
  toRfc3339,
} from './clock.js';
export { Declares, declarationOf } from './declares.js';
export { DAY, HOUR, MINUTE, SECOND } from './duration.js';
export { isDnsName, isDnsNameOrWildcard } from './dns-names.js';
export { isEmailAddress, normalizeEmail } from './email.js';
export {
  DomainError,
  type ErrorFactory,
  type ErrorKind,
  type ErrorTable,
  type InputError,
  coreErrors,
  defineErrors,
} from './errors.js';
export {
  type EventContent,
  type EventDraft,
  type EventFactory,
  type EventOutcome,
  type EventTable,
  defineEvents,
} from './events.js';
export type { Expirable, Upcoming } from './expirable.js';
export { FairLine } from './fair-line.js';
export { FairQueue } from './fair-queue.js';
export {
  BACKWARD_TOLERANCE,
  type ClockAlarm,
  type ClockRecord,
  type ClockState,
  GuardedClock,
  OBSERVATION,
  isWithinLifetime,
} from './guarded-clock.js';
export { INSTALLATION_ID, UUID_PATTERN, isUuid, uuidv7Source } from './ids.js';
export { type EventSubject, type Lifecycle, type LifecycleEvent, defineLifecycle } from './lifecycle.js';
export { isVisibleName, normalizeName, visibleName } from './names.js';
export {
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  type Page,
  type PageRequest,
  decodeCursor,
  encodeCursor,
  pageLimit,
} from './page.js';
export {
  type Begun,
  type MissingValues,
  type Projection,
  type Rebuilt,
  type RecordedEvent,
  actionsOf,
  goOn,
  instantOf,
  rebuild,
  textOf,
  transitions,
  missingValues,
} from './projection.js';
export {
  type Actor,
  type Evidence,
  type Origin,
  type PlatformScope,
  type TenantScope,
  asDryRun,
  isPlatformScope,
  platformScope,
  selfDeciding,
  systemOrigin,
} from './scope.js';
export { Secret } from './secret.js';
export type { Setting, SettingTable } from './setting.js';
export { Counters, WindowCounters, type WindowState, windowState } from './window-counters.js';
export { endedOrGivenUp } from './stop-wait.js';
