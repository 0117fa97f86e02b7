/** One environment variable: a row here is all that a new one needs. */
export interface Setting<T> {
  readonly variable: string;
  /** As it would be written in the environment; `undefined` where the setting is off by default. */
  readonly fallback: string | undefined;
  /** Throws an `Error` that says what the value must be, without repeating it. */
  readonly parse: (text: string) => T;
  readonly description: string;
  /** Variables that say the same thing in another way: at most one of them may be set. */
  readonly excludes?: readonly string[];
  /** Never shown, not even in the message that refuses it. */
  readonly secret?: boolean;
}

/** Settings by the names that the code has for them. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;
