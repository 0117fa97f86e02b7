const PLACEHOLDER = '[secret]';

/**
 * A value that cannot be printed: `String()`, template literals, `JSON.stringify` and `util.inspect` all show
 * `[secret]`. Only `reveal()` gives the value, so that every place where one leaves is found by searching for it.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Call it as late as possible, and never in an argument of a log line or an error. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [Symbol.toPrimitive](): string {
    return PLACEHOLDER;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PLACEHOLDER;
  }
}
