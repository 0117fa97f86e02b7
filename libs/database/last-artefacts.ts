import { type Clock, DomainError, type EpochMilliseconds } from '#core';

import { databaseErrors } from './errors.js';

interface ArtefactLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** An artefact that was published under a key. */
export interface Artefact<Value> {
  readonly value: Value;
  /** Estimated memory in bytes. */
  readonly bytes: number;
  /** Until when it may be published without the database; `undefined` if it may not: the previous artefact is kept. */
  readonly until: EpochMilliseconds | undefined;
}

/**
 * Caches the last published artefact of each key, so that public data (keys, certificates, their status) is still served while
 * the database is away, until it expires. If the cache is full, the least recently published artefact is removed.
 */
export class LastArtefacts<Value> {
  readonly #held = new Map<string, Artefact<Value>>();
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: ArtefactLimits,
  ) {}

  /**
   * The result of `make` or, if the database is away, the last unexpired artefact of the key.
   * @throws whatever `make` throws; NOT_FOUND also removes the artefact from the cache
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

  /** The last artefact of the key, even if it has expired. */
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

/** Whether an error means that the database cannot be read now. */
export const isDatabaseAway = (error: unknown): boolean =>
  error instanceof DomainError && error.code === databaseErrors.DATABASE_UNAVAILABLE.code;
