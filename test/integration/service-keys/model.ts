import * as fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';

import { DAY, HOUR, type TenantScope } from '#core';

import { type Command, Comparison } from './credential-comparison.js';
import { type Fixture, openFixture } from './fixture.js';

/** In each of the four files that compare, so that they run side by side. Continuous integration asks for more. */
const RUNS = Number(process.env.MODEL_RUNS ?? 60);
const COMMANDS = 30;
const LIMITS = [2, 3] as const;

const index = fc.nat({ max: 7 });
const lifetime = fc.option(fc.constantFrom(HOUR, DAY, 10 * DAY, 40 * DAY), { nil: null, freq: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: fc.constant('create' as const), index, lifetime }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('update' as const), index, lifetime }) },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.constantFrom('regenerate' as const, 'rotate' as const),
      index,
      overlap: fc.constantFrom(0, HOUR, 20 * DAY),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      name: fc.constantFrom(
        'discard' as const,
        'reactivate' as const,
        'compromise' as const,
        'delete' as const,
        'use' as const,
      ),
      index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.constant('advance' as const),
      milliseconds: fc.constantFrom(1, HOUR, 7 * DAY, 21 * DAY, 200 * DAY),
    }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('schedule' as const) }) },
);

/**
 * Declares the test that compares the credential lifecycle with a model of its rules, at two limits.
 * @param seed of the commands, another one in each file
 */
export function compareWithModel(seed: number): void {
  let fixture: Fixture;
  const scopes = new Map<number, TenantScope>();
  let services = 0;

  beforeAll(async () => {
    fixture = await openFixture();
    for (const limit of LIMITS) {
      const scope = await fixture.newTenant();
      await fixture.tenants.change(scope, { settings: { credentialsPerType: limit } }, undefined);
      scopes.set(limit, scope);
    }
  });
  afterAll(() => fixture.drop());

  it(
    `the credential lifecycle does what its model says, in ${RUNS} runs of ${COMMANDS} commands from seed ${seed}`,
    { timeout: 600_000 },
    async () => {
      const commands = fc.array(command, { minLength: COMMANDS, maxLength: COMMANDS });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...LIMITS), commands, async (limit, sequence) => {
          const comparison = await Comparison.start(fixture, scopes.get(limit)!, limit, `service ${++services}`);
          for (const step of sequence) await comparison.run(step);
          await comparison.finish();
        }),
        { numRuns: RUNS, seed, endOnFailure: true },
      );
    },
  );
}
