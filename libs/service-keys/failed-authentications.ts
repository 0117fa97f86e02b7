import { type Clock, type Counters, type DomainError, type EpochMilliseconds, MINUTE, SECOND, coreErrors } from '#core';
import { networkOf } from '#tenants';

export interface FailureQuota {
  /** Failures per window. */
  readonly quota: number;
  readonly windowMilliseconds: number;
}

/** The token of the quota. */
export const FAILURE_QUOTA = Symbol('failure quota');
export const FAILURE_QUOTA_DEFAULT: FailureQuota = { quota: 60, windowMilliseconds: MINUTE };

const POLICY = 'credentials';
/** More than these at the same time push the oldest out: memory stays bounded under a flood of addresses. */
const EXHAUSTED_MAX = 50_000;

/**
 * Counts credentials that are unknown or whose signature does not hold, by where they come from. Only failures are
 * counted, so that one broken client does not lock out what works behind the same address. Beyond the quota the answer is
 * RATE_LIMITED for each further failure, and tells nothing about what was tried.
 */
export class FailedAuthentications {
  /** Sources beyond their quota, and until when. The processes that share counters learn it by their own next failure. */
  readonly #exhausted = new Map<string, EpochMilliseconds>();

  /**
   * @param counters where failures are counted; processes may share it
   * @param report called once for each window in which a source reaches its quota
   */
  constructor(
    private readonly counters: Counters,
    private readonly clock: Clock,
    private readonly limit: FailureQuota,
    private readonly report: (source: string) => void = () => undefined,
  ) {}

  /** Whether a source is beyond its quota: then only what is likely to be genuine is worth a look into the database. */
  isExhausted(source: string): boolean {
    return this.#waitSeconds(source) !== undefined;
  }

  /** The answer to a failure of a source that is beyond its quota. */
  rejection(source: string): DomainError {
    const { quota, windowMilliseconds } = this.limit;
    const rateLimit = { policy: POLICY, quota, windowSeconds: windowMilliseconds / SECOND };
    const retryAfterSeconds = this.#waitSeconds(source) ?? windowMilliseconds / SECOND;
    const detail = 'Too many credentials from this address were rejected';
    return coreErrors.RATE_LIMITED({ detail, retryAfterSeconds, extensions: { rateLimit } });
  }

  /** Counts a failure. @returns what to answer: the failure itself within the quota, RATE_LIMITED beyond it */
  async count(source: string, failure: DomainError): Promise<DomainError> {
    if (!this.isExhausted(source)) {
      const { quota, windowMilliseconds } = this.limit;
      const window = await this.counters.increment(`${POLICY}:${source}`, windowMilliseconds, quota);
      if (!window.isBlocked) return failure;
      this.#exhaust(source, this.clock.now() + window.timeToExpire * SECOND);
    }
    return this.rejection(source);
  }

  #waitSeconds(source: string): number | undefined {
    const until = this.#exhausted.get(source);
    if (until === undefined) return undefined;
    const rest = until - this.clock.now();
    if (rest > 0) return Math.ceil(rest / SECOND);
    this.#exhausted.delete(source);
    return undefined;
  }

  #exhaust(source: string, until: EpochMilliseconds): void {
    if (this.#exhausted.has(source)) return;
    if (this.#exhausted.size >= EXHAUSTED_MAX) this.#exhausted.delete(this.#exhausted.keys().next().value!);
    this.#exhausted.set(source, until);
    this.report(source);
  }
}

/**
 * What counts as one source of failures: the network of an address. A text that is no address, as a proxy may send, is
 * one by itself.
 */
export const sourceOf = (address: string | null): string => `address:${networkOf(address) ?? address ?? 'none'}`;
