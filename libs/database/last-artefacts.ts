import { type Clock, DomainError, type EpochMilliseconds } from '#core';

import { databaseErrors } from './errors.js';

interface ArtefactLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** What was published under a key. */
export interface Artefact<Value> {
  readonly value: Value;
  /** How much memory it takes, roughly. */
  readonly bytes: number;
  /** Until when it may be published without the database; `undefined` for one that may not: the last one stays. */
  readonly until: EpochMilliseconds | undefined;
}

/**
 * Keeps the last published artefact of each key in memory, so that what anybody may read (keys, certificates, their
 * status) is still answered while the database is away, as long as it holds. Within its limits the one that was published
 * longest ago makes room.
 */
export class LastArtefacts<Value> {
  readonly #held = new Map<string, Artefact<Value>>();
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: ArtefactLimits,
  ) {}

  /**
   * What `make` makes now, or the last artefact of the key that still holds where the database is away.
   * @throws what `make` throws; what is not there any more is forgotten
   */
  async publish(key: string, make: () => Promise<Artefact<Value>>): Promise<{ value: Value; isHeld: boolean }> {
    try {
      const artefact = await make();
      this.hold(key, artefact);
      return { value: artefact.value, isHeld: false };
    } catch (error) {
      if (isNotFound(error)) this.drop(key);
      const held = isDatabaseAway(error) ? this.current(key) : undefined;
      if (held === undefined) throw error;
      return { value: held, isHeld: true };
    }
  }

  hold(key: string, artefact: Artefact<Value>): void {
    const { bytes, until } = artefact;
    if (until === undefined) return;
    this.drop(key);
    if (bytes > this.limits.bytesMax || until <= this.clock.now()) return;
    this.#held.set(key, artefact);
    this.#bytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.limits.entriesMax && this.#bytes <= this.limits.bytesMax) break;
      this.drop(oldest);
    }
  }

  /** The last artefact of the key, whether or not it still holds. */
  last(key: string): Value | undefined {
    return this.#held.get(key)?.value;
  }

  private current(key: string): Value | undefined {
    const held = this.#held.get(key);
    return held?.until !== undefined && held.until > this.clock.now() ? held.value : undefined;
  }

  private drop(key: string): void {
    this.#bytes -= this.#held.get(key)?.bytes ?? 0;
    this.#held.delete(key);
  }
}

const isNotFound = (error: unknown): boolean => error instanceof DomainError && error.kind === 'not-found';

/** Whether an error says that the database cannot be read now. */
export const isDatabaseAway = (error: unknown): boolean =>
  error instanceof DomainError && error.code === databaseErrors.DATABASE_UNAVAILABLE.code;
