import type { EpochMilliseconds } from './clock.js';
import type { Page, PageRequest } from './page.js';
import type { PlatformScope, TenantScope } from './scope.js';

/** Something that will happen to a thing of a tenant, as the calendar shows it. */
export interface Upcoming {
  readonly tenantId: string;
  /** The noun: `credential`, `key rotation`. */
  readonly kind: string;
  readonly id: string;
  readonly dueAt: EpochMilliseconds;
  /** In a word: `expires`, `is rotated`. */
  readonly happens: string;
  readonly name?: string;
  readonly kid?: string;
  /** Set where the server does it again and again by itself, so that it is not announced to people. */
  readonly isRoutine?: true;
  /**
   * Ids of what may have contacts, the thing itself first, then what it belongs to; absent where people are told about it by the
   * calendar and by webhooks only.
   */
  readonly contactsOf?: readonly string[];
}

/**
 * A kind of thing that falls due: credentials expire, keys are rotated, sessions and records become old. The scheduler
 * asks each kind in turn. An implementation marked with `@Expires()` of `libs/scheduler` is found by itself.
 *
 * Wherever such a thing is used, the clock decides whether it still counts; this records it and does what follows from
 * it. So it may run late, twice, or on several instances: every effect is a conditional update that happens once.
 */
export interface Expirable {
  /** The noun, for logs: `credential`, `session`. */
  readonly kind: string;
  /**
   * Set where everything it does can be undone: it continues while the clock is not confirmed. All else is paused then.
   */
  readonly runsWhilePaused?: true;
  /**
   * Handles at most `limit` of what is due now. An item that fails must not block the items behind it: `DueItems` and
   * `purge` of `libs/scheduler` see to that.
   * @returns how many were handled; the scheduler continues until a batch comes back short
   */
  recordDue(limit: number): Promise<number>;
  /**
   * For how long the oldest item that people plan with has been due, in milliseconds; 0 where nothing waits. For those who
   * watch the scheduler, in a process that runs it.
   */
  overdue?(): Promise<number>;
  /**
   * For kinds that people plan with: what happens to things of a tenant until an instant, soonest first; for the platform, to
   * things of all tenants.
   * @param before 30 days ahead if `undefined`
   * @throws VALIDATION_ERROR for a cursor that no calendar returned
   */
  readonly upcoming?:
    | ((
        scope: TenantScope | PlatformScope,
        before: EpochMilliseconds | undefined,
        request: PageRequest,
      ) => Promise<Page<Upcoming>>)
    | undefined;
}
