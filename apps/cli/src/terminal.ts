import type { PasswordParameters } from '#crypto';

/** What is used of the process: `main.ts` alone touches it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly fail: (text: string) => void;
  /** Asks the person in front of it, or reads the next line of the standard input. What is hidden is not shown as it is typed. */
  readonly ask?: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>;
  /** The rest of the standard input. */
  readonly readInput?: () => Promise<string>;
  /** Opens a page in the browser of the person, where there is one. */
  readonly openBrowser?: (url: string) => void;
  /** Whether a person sees what is written to `fail` as it is written. */
  readonly isInteractive?: boolean;
  /** Cheaper hashes for tests. */
  readonly passwordParameters?: PasswordParameters;
}

/** How a command ends, for scripts. */
export const exitCodes = {
  done: 0,
  /** It was rejected, or could not be carried out. */
  rejected: 1,
  /** What was verified is not valid. */
  invalid: 2,
  /** There are no credentials, or they are not accepted. */
  notSignedIn: 3,
  /** The server cannot be reached. */
  unreachable: 4,
} as const;

/** A refusal that is explained by its message alone. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    message: string,
    readonly exitCode: number = exitCodes.rejected,
  ) {
    super(message);
  }
}
