import type { Answer, BenchTenant, Fixture } from '../harness/fixture.ts';
import { type BenchContext, type Row, type Scenario, repeat } from '../harness/scenario.ts';

/** Accounts that exist, and as many addresses that have none. */
const ACCOUNTS = 6;
const ROUNDS = 8;
const WRONG = 'a password that is wrong';

interface Question {
  readonly name: string;
  /** The status of every answer, whether the address has an account or not. */
  readonly status: number;
  ask(fixture: Fixture, tenant: BenchTenant, email: string): Promise<Answer>;
}

const questions: readonly Question[] = [
  {
    name: 'a sign-in with a wrong password',
    status: 401,
    ask: (fixture, _, email) => fixture.tryLogin({ email, password: WRONG }),
  },
  {
    name: 'an invitation',
    status: 202,
    ask: (fixture, tenant, email) => fixture.tryAsOwner(tenant, 'POST', 'members', { email, role: 'auditor' }),
  },
];

const medianOf = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

/** How often a time of the first list is longer than one of the second: 0.5 where one time tells nothing. */
function distinguishable(times: readonly number[], others: readonly number[]): number {
  let longer = 0;
  for (const time of times) for (const other of others) longer += time > other ? 1 : time === other ? 0.5 : 0;
  return longer / (times.length * others.length);
}

async function measure({ fixture, repetitions }: BenchContext, question: Question): Promise<Row> {
  const tenant = await fixture.createTenant();
  const known: string[] = [];
  for (let account = 0; account < ACCOUNTS; account += 1) known.push((await fixture.createTenant()).owner.email);
  const unknown = known.map((email) => email.replace('owner@', 'other@'));
  const [faults, notes]: [string[], string[]] = [[], []];
  const measured = await repeat(repetitions, async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let account = 0; account < ACCOUNTS; account += 1) {
        // In turns, and each of the two first in every other round, so that neither is warmer than the other.
        const pair = [
          { kind: 'known', email: known[account]! },
          { kind: 'unknown', email: unknown[account]! },
        ] as const;
        for (const { kind, email } of round % 2 === 0 ? pair : pair.toReversed()) {
          const { status, milliseconds } = await question.ask(fixture, tenant, email);
          if (status !== question.status) faults.push(`${kind}: ${status}`);
          else times[kind].push(milliseconds);
        }
      }
    }
    notes.push(
      `one time tells the two apart with ${distinguishable(times.known, times.unknown).toFixed(2)} (0.5: not)`,
    );
    return { value: medianOf(times.known), floor: medianOf(times.unknown) };
  });
  return {
    scenario: 'account-enumeration',
    name: `${question.name}, for an address that has an account`,
    unit: 'ms',
    comparedWith: 'for one that has none',
    goal: { atMost: 1.1 },
    repetitions: measured,
    faults,
    notes,
  };
}

/** Does the time of an answer tell whether an address has an account? */
export const accountEnumeration: Scenario = {
  name: 'account-enumeration',
  title: 'What the time of an answer tells about accounts',
  long: true,
  run: async (context) => {
    const rows: Row[] = [];
    for (const question of questions) rows.push(await measure(context, question));
    return rows;
  },
};
