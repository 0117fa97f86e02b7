import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisConnection } from '#config';
import { type Clock, Counters, SECOND, type Secret, WindowCounters, type WindowState, windowState } from '#core';
import { type Logger, describeError } from '#logging';

interface RedisSettings {
  /** `redis://[user[:password]@]host[:port][/database]`, or `rediss:` for TLS. */
  readonly url: Secret;
  /** PEM of the authorities that may certify the server; those of Node where absent. TLS only. */
  readonly ca?: string | undefined;
  /** Before every key, for a Redis that others use as well. */
  readonly keyPrefix: string;
}

const CONNECT_TIMEOUT = SECOND;
/** Far longer than an answer takes; so long the first request waits at most when Redis stops to answer. */
const COMMAND_TIMEOUT = 200;
const RECONNECT_AFTER_MAX = 5 * SECOND;
/** How often is asked whether Redis answers again; requests do not wait for it meanwhile. */
const RECOVERY_CHECK_EVERY = SECOND;

/**
 * Counts one hit and says how long the window continues, in one step of the server. A key always has an end: also one that
 * lost it, by a restore or by hand.
 */
const COUNT = `
local hits = redis.call('INCR', KEYS[1])
local rest = redis.call('PTTL', KEYS[1])
if rest < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  rest = tonumber(ARGV[1])
end
return { hits, rest }
`;

/**
 * Fixed windows that all processes share. While Redis does not answer, each process counts by itself: limits are then
 * wider by the number of processes, and no request waits or fails.
 */
export class RedisCounters extends Counters {
  readonly #redis: Redis;
  readonly #alone: WindowCounters;
  readonly #keyPrefix: string;
  readonly #closing = new AbortController();
  #answers = false;
  #recovery: Promise<void> | undefined;

  private constructor(
    settings: RedisSettings,
    clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
    const { tls, ...connection } = redisConnection(settings.url.reveal());
    this.#alone = new WindowCounters(clock);
    this.#keyPrefix = settings.keyPrefix;
    this.#redis = new Redis({
      ...connection,
      ...(tls ? { tls: { ...tls, ...(settings.ca === undefined ? {} : { ca: settings.ca }) } } : {}),
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT,
      commandTimeout: COMMAND_TIMEOUT,
      // What cannot be sent now is counted here, and not sent later.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(RECOVERY_CHECK_EVERY * attempt, RECONNECT_AFTER_MAX),
    });
    // The reason is logged where a command fails; without a listener the client prints to the console.
    this.#redis.on('error', () => undefined);
  }

  /** Connects, or logs that it could not: a server starts without Redis, too. */
  static async open(settings: RedisSettings, clock: Clock, logger: Logger): Promise<RedisCounters> {
    const counters = new RedisCounters(settings, clock, logger);
    try {
      await counters.#redis.connect();
      await counters.#redis.ping();
      counters.#answers = true;
    } catch (error) {
      counters.#lose(error);
    }
    return counters;
  }

  override get shared(): boolean {
    return this.#answers;
  }

  override async increment(key: string, windowMilliseconds: number, quota: number): Promise<WindowState> {
    if (this.#answers) {
      try {
        const answer = await this.#redis.eval(COUNT, 1, this.#keyOf(key), windowMilliseconds);
        const [hits, rest] = answer as [number, number];
        return windowState(hits, rest, quota);
      } catch (error) {
        this.#lose(error);
      }
    }
    return this.#alone.increment(key, windowMilliseconds, quota);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#answers = false;
    this.#redis.disconnect();
    await this.#recovery;
  }

  /** Hashed: keys are of one length, and Redis holds no addresses and ids of users. */
  #keyOf(key: string): string {
    return `${this.#keyPrefix}window:${createHash('sha256').update(key).digest('base64url')}`;
  }

  /** Of the requests that find out at the same time, the first one logs it. */
  #lose(cause: unknown): void {
    if (this.#recovery || this.#closing.signal.aborted) return;
    this.#answers = false;
    this.logger.warn(
      { error: describeError(cause) },
      'Redis does not answer: this process counts by itself until it does',
    );
    this.#recovery = this.#recover().finally(() => (this.#recovery = undefined));
  }

  async #recover(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await delay(RECOVERY_CHECK_EVERY, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || !(await this.#responds())) continue;
      this.#answers = true;
      this.logger.info('Redis answers again: rate limits are shared');
      return;
    }
  }

  async #responds(): Promise<boolean> {
    try {
      await this.#redis.ping();
      return true;
    } catch {
      // A connection that is open but silent is given up, with everything that waits on it.
      if (this.#redis.status === 'ready') this.#redis.disconnect(true);
      return false;
    }
  }
}
