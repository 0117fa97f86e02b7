import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TenantScope } from '#core';
import type { Basis, ConfigurationCheck, Database, PreparedWork } from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { Note, type Sample, noteEvents, openAgain, openSample, platform, tenantScope } from './sample.js';
import { testServerUrl } from '../../support/database.js';
import { recordEvents } from '../../support/history.js';

// The number of a tenant's configuration is in a row, as it is in the product: what a group of work assumes is compared with it.
const configurations: ConfigurationCheck = (view, tenantIds) => view.holdNumbers(Note, tenantIds, 'count');

let sample: Sample;
let database: Database;
let other: Database;

beforeAll(async () => {
  sample = await openSample({ configurations, recorder: recordEvents });
  ({ database } = sample);
  other = await openAgain(sample, { configurations, recorder: recordEvents });
});
afterAll(async () => {
  await other.close();
  await sample.drop();
});

/** A tenant whose configuration has the number 1, which this process has read. */
async function knownTenant(): Promise<TenantScope> {
  const scope = tenantScope();
  await sample.write(scope, { id: scope.tenantId, count: 1 });
  await basisOf(scope);
  return scope;
}

const basisOf = async ({ tenantId }: TenantScope) =>
  (await database.known(tenantId, async () => ({ value: undefined, from: -Infinity, until: Infinity }))).basis;

const work = (target: string, basis: Basis, more: Partial<PreparedWork<string>> = {}): PreparedWork<string> => ({
  basis,
  finish: () => ({ result: target, events: [noteEvents.written(target)] }),
  ...more,
});

const recording = async (scope: TenantScope, target: string, more?: Partial<PreparedWork<string>>) =>
  work(target, await basisOf(scope), more);

/** The events of a tenant, without that of the row with the number, in the order of their sequence. */
async function eventsOf({ tenantId }: TenantScope): Promise<{ sequence: number; target: string }[]> {
  const events = await database.readPlatform(platform, (view) =>
    view.find(AuditEvent, { tenantId }, { order: { sequence: 'ASC' } }),
  );
  return events.slice(1).map(({ sequence, targetId }) => ({ sequence, target: targetId }));
}

const raiseNumber = (by: Database, scope: TenantScope): Promise<void> =>
  by.transaction(scope, async (tx) => {
    await tx.increment(Note, { id: scope.tenantId }, 'count');
    tx.housekeeping('a test');
  });

describe('a group of work by assumed numbers', () => {
  it('a group of work by assumed numbers records each event once, numbered without gaps, for one tenant and for several', async () => {
    const scopes = await Promise.all([knownTenant(), knownTenant(), knownTenant()]);
    for (const group of [scopes.slice(0, 1), scopes]) {
      const works = Array.from({ length: 45 }, (_, place) => [group[place % group.length]!, `work ${place}`] as const);
      const commits = works.map(([scope, name]) => database.commit(scope, () => recording(scope, name)));
      expect(await Promise.all(commits)).toEqual(works.map(([, name]) => name));
    }
    const counts = [45 + 15, 15, 15];
    for (const [place, scope] of scopes.entries()) {
      const events = await eventsOf(scope);
      expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: counts[place]! }, (_, at) => at + 1));
    }
  });

  it('a group of work by a number that another process has raised leaves nothing, and is prepared again', async () => {
    for (const others of [[], [await knownTenant()]]) {
      const scope = await knownTenant();
      const outdated = await basisOf(scope);
      await raiseNumber(other, scope);
      const bases = await Promise.all(others.map(basisOf));
      let attempts = 0;
      const changed = database.commit(scope, async () => {
        attempts += 1;
        const name = `attempt ${attempts}`;
        // The first time nothing is read, so that this process knows only the number that it assumes.
        return attempts === 1 ? work(name, outdated) : recording(scope, name);
      });
      const beside = others.map((one, at) => database.commit(one, async () => work('beside', bases[at]!)));
      expect(await Promise.all([changed, ...beside])).toEqual(['attempt 2', ...others.map(() => 'beside')]);
      expect(await eventsOf(scope)).toEqual([{ sequence: 1, target: 'attempt 2' }]);
      for (const one of others) expect(await eventsOf(one)).toEqual([{ sequence: 1, target: 'beside' }]);
    }
  });

  it('a group of work raises instants once, together with its events', async () => {
    const scope = await knownTenant();
    const id = scope.tenantId;
    const raising = (to: number) =>
      database.commit(scope, () => recording(scope, 'raise', { raised: { entity: Note, id, column: 'readAt', to } }));
    await Promise.all([300, 500, 400].map(raising));
    expect((await database.read(scope, (view) => view.get(Note, { id }))).readAt).toBe(500);
    expect(await eventsOf(scope)).toHaveLength(3);
  });

  // On SQLite it waits for nothing: where another process writes, the work is done by a transaction that is not planned.
  const waits = testServerUrl !== undefined;
  it.skipIf(!waits)('a group of work whose time has come while it waited for a lock is prepared again', async () => {
    const scope = await knownTenant();
    const finished = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = other.transaction(scope, async (tx) => {
      await tx.lock(Note, { id: scope.tenantId });
      held.resolve();
      await finished.promise;
      tx.housekeeping('a test');
    });
    await held.promise;
    const until = sample.clock.now() + 1;
    let attempts = 0;
    const result = await database.commit(scope, async () => {
      attempts += 1;
      const name = `attempt ${attempts}`;
      const basis = await basisOf(scope);
      return {
        basis: attempts === 1 ? { ...basis, until } : basis,
        finish: () => {
          // It is planned, and waits for what the other process holds.
          sample.clock.advance(1);
          finished.resolve();
          return { result: name, events: [noteEvents.written(name)] };
        },
      };
    });
    await holding;
    expect(result).toBe('attempt 2');
    expect(await eventsOf(scope)).toEqual([{ sequence: 1, target: 'attempt 2' }]);
  });
});
