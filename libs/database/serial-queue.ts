import { coreErrors } from '#core';

/** Runs one piece of work after the other, in the order of arrival; refuses when too many wait. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(private readonly waitingMax: number) {}

  /** @throws BUSY where `waitingMax` pieces wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.waitingMax) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    this.#waiting += 1;
    const turn = this.#tail;
    const result = turn.then(work);
    // The next one waits for this one's end, not for its success.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await result;
    } finally {
      this.#waiting -= 1;
    }
  }
}
