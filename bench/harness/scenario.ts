import type { Fixture } from './fixture.ts';
import type { Floors } from './floors.ts';
import type { ServerProcess } from './server.ts';

/** What a row must reach. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One measurement and the one that it is compared with, taken directly after each other. */
export interface Pair {
  /** What the server did. */
  readonly value: number;
  /** What it is compared with. */
  readonly floor: number;
}

/** One line of the result: the median of its repetitions by ratio. */
export interface Row {
  readonly scenario: string;
  readonly name: string;
  /** Unit of `value` and `floor`. */
  readonly unit: 'requests/s' | 'tokens/s' | 'certificates/s' | 'ms' | 'MiB';
  /** What the floor is. */
  readonly comparedWith: string;
  readonly goal?: Goal;
  readonly repetitions: readonly Pair[];
  /** Answers or events that were not correct. One of them fails the row, whatever its ratio. */
  readonly faults: readonly string[];
  /** What else is worth knowing, such as how many requests of the load were rejected. */
  readonly notes: readonly string[];
}

export interface BenchContext {
  readonly fixture: Fixture;
  readonly floors: Floors;
  /** How long one measurement takes. */
  readonly seconds: number;
  readonly repetitions: number;
  /** Another process on the same database, which the scenario stops; `undefined` where the database has one process only. */
  secondServer(): Promise<ServerProcess | undefined>;
}

/** Why nothing was measured, for the report: what is not there is said, and not left out. */
export interface Omitted {
  readonly omitted: string;
}

/** One topic of the benchmark: one file in `scenarios/` and one line in its index. */
export interface Scenario {
  /** What `--only` selects it by. */
  readonly name: string;
  readonly title: string;
  /** Runs only with `--full` or when it is named. */
  readonly long?: true;
  run(context: BenchContext): Promise<readonly Row[] | Omitted>;
}

/** Takes a measurement as often as the run wants it, one by one. */
export async function repeat<Result>(times: number, measure: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let repetition = 0; repetition < times; repetition += 1) results.push(await measure());
  return results;
}
