import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Goal, Pair, Row } from './scenario.ts';

/** What the rows were measured on. */
export interface Environment {
  readonly database: string;
  readonly node: string;
  readonly cores: number;
  readonly startedAt: string;
}

/** A scenario without a row, and why it has none. */
export interface OmittedScenario {
  readonly title: string;
  readonly why: string;
}

export type Verdict = 'pass' | 'miss' | 'no goal' | 'failed';

/** A row with what follows from its repetitions. */
export interface RatedRow extends Row {
  readonly value: number;
  readonly floor: number;
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly verdict: Verdict;
}

const ratioOf = ({ value, floor }: Pair): number => value / floor;

/** The repetition whose ratio is the median: absolute figures of a shared machine mean little, ratios more. */
export function rate(row: Row): RatedRow {
  const sorted = [...row.repetitions].sort((one, other) => ratioOf(one) - ratioOf(other));
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? { value: Number.NaN, floor: Number.NaN };
  const ratio = ratioOf(median);
  const faults = measuredEverything(row) ? row.faults : [...row.faults, 'a repetition measured nothing'];
  return {
    ...row,
    ...median,
    faults,
    ratio,
    ratios: row.repetitions.map(ratioOf),
    verdict: verdictOf(row, faults, ratio),
  };
}

/** A load without an answer has no latency and no rate: both are 0, which would meet every `atMost`. */
const measuredEverything = ({ repetitions }: Row): boolean =>
  repetitions.length > 0 && repetitions.every(({ value, floor }) => value > 0 && floor > 0);

function verdictOf({ goal }: Row, faults: readonly string[], ratio: number): Verdict {
  if (faults.length > 0) return 'failed';
  if (goal === undefined) return 'no goal';
  return meets(goal, ratio) ? 'pass' : 'miss';
}

const meets = (goal: Goal, ratio: number): boolean =>
  'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;

const goalText = (goal: Goal | undefined): string => {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
};

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** The rows as one table, and below it everything that was not correct or not measured. */
export function toMarkdown(
  rows: readonly RatedRow[],
  environment: Environment,
  omitted: readonly OmittedScenario[] = [],
): string {
  const { database, node, cores, startedAt } = environment;
  const lines = rows.map((row) =>
    [
      row.name,
      `${number(row.value)} ${row.unit}`,
      `${number(row.floor)} (${row.comparedWith})`,
      `${number(row.ratio)} (${row.ratios.map(number).join(', ')})`,
      goalText(row.goal),
      row.verdict,
      row.notes.join('; '),
    ].join(' | '),
  );
  const faults = rows.flatMap(({ name, faults }) => faults.map((fault) => `- ${name}: ${fault}`));
  return [
    `# Benchmark: ${database}`,
    '',
    `Node ${node}, ${cores} cores, server, load and floors on the same machine, ${startedAt}.`,
    '',
    '| what | value | floor | ratio: median (all) | goal | verdict | notes |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
    ...(faults.length > 0 ? ['', '## Not correct', '', ...faults] : []),
    ...(omitted.length > 0
      ? ['', '## Not measured', '', ...omitted.map(({ title, why }) => `- ${title}: ${why}`)]
      : []),
    '',
  ].join('\n');
}

/** Writes Markdown and JSON; gives the path of the first. */
export function writeReport(
  folder: string,
  rows: readonly RatedRow[],
  environment: Environment,
  omitted: readonly OmittedScenario[],
): string {
  mkdirSync(folder, { recursive: true });
  const name = `${environment.startedAt.replaceAll(/[:.]/g, '-')}-${environment.database.replaceAll(/[^\w.-]+/g, '-')}`;
  const path = join(folder, `${name}.md`);
  writeFileSync(path, toMarkdown(rows, environment, omitted));
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...environment, rows, omitted }, null, 2)}\n`);
  return path;
}
