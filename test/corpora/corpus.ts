/** One file or vector of a corpus, and what became of it. */
export interface Case {
  readonly name: string;
  /** By an independent program or by the corpus itself. */
  readonly expected: Verdict;
  readonly actual: Verdict;
  /** Why it was refused. */
  readonly detail: string;
}

export type Verdict = 'accepted' | 'refused';

/** A set of files that others made. */
export interface Corpus {
  readonly name: string;
  /** The folder with its files; `undefined` where no registry gives it. */
  fetch(): string | undefined;
  cases(folder: string): AsyncIterable<Case> | Iterable<Case>;
}

/** A difference that is right, by the name of the case or the reason of the refusal. */
export interface Exception {
  readonly corpus: string;
  readonly expected: Verdict;
  readonly cases: RegExp;
  readonly reason: string;
}

export interface Result {
  readonly accepted: number;
  readonly refused: number;
  readonly excepted: number;
  readonly wrong: readonly Case[];
  /** Exceptions that nothing needs. */
  readonly idle: readonly Exception[];
}

/** Holds the cases of a corpus against the exceptions. */
export async function count(cases: Iterable<Case> | AsyncIterable<Case>, list: readonly Exception[]): Promise<Result> {
  const right = { accepted: 0, refused: 0 };
  const used = new Set<Exception>();
  const wrong: Case[] = [];
  let excepted = 0;
  for await (const one of cases) {
    if (one.actual === one.expected) {
      right[one.actual] += 1;
      continue;
    }
    const exception = list.find(
      ({ expected, cases: pattern }) => expected === one.expected && pattern.test(`${one.name}: ${one.detail}`),
    );
    if (exception) {
      used.add(exception);
      excepted += 1;
    } else wrong.push(one);
  }
  return { ...right, excepted, wrong, idle: list.filter((exception) => !used.has(exception)) };
}
