import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Checkpoints, Cosignatures, HistoryExport, HistoryLog, LogKeys, checkpointSettings } from '#audit';
import {
  INSTALLATION_ID,
  MINUTE,
  ManualClock,
  SECOND,
  type TenantScope,
  defineEvents,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { Database } from '#database';
import { openCheckpoint, parseNote, signersOf } from '#transparency-log';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { HISTORY_HOST, openSignedHistory } from '../../support/signed-history.js';
import { type TestWitness, startWitness } from '../../support/witness.js';
import { eventReader } from '../../support/history.js';

const keyEvents = defineEvents('key', { used: '' });
const clock = new ManualClock();
let test: TestDatabase;
let database: Database;
let keys: LogKeys;
let checkpoints: Checkpoints;
let log: HistoryLog;
let scope: TenantScope;
let origin: string;
let witness: TestWitness;
let other: TestWitness;

beforeAll(async () => {
  test = await createMigratedDatabase();
  ({ database, keys, checkpoints, log } = await openSignedHistory(test.url, clock));
});
afterAll(async () => {
  await database.close();
  await test.drop();
});
beforeEach(async () => {
  scope = { ...systemOrigin('test'), tenantId: uuidv7(clock.now()) };
  origin = `${HISTORY_HOST}/${scope.tenantId}`;
  [witness, other] = [await startWitness(), await startWitness('witness.example/w2')];
  for (const one of [witness, other]) one.trust(origin, keys.verifierKeysOf(origin));
});
afterEach(async () => {
  await Promise.all([witness, other].map((one) => one.close()));
  // The histories of other tests wait for no witness any more.
  const plain = await openPlainDataSource(test.url);
  await plain.query('UPDATE history_heads SET cosignedSize = size');
  await plain.destroy();
});

async function record(count: number): Promise<void> {
  await database.transaction(scope, async (tx) => {
    for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key'));
  });
  await checkpoints.publish(scope.tenantId);
}
const asking = (...witnesses: readonly TestWitness[]): Cosignatures =>
  new Cosignatures(database, { all: witnesses.map(({ key, url }) => ({ key, url })) });
const failuresOf = async (cosignatures: Cosignatures): Promise<string[]> =>
  (await cosignatures.requestDue())
    .filter(({ tenantId }) => tenantId === scope.tenantId)
    .map(({ error }) => (error as Error).message);
const cosignersOf = (note: string): string[] =>
  signersOf(parseNote(note), [witness.key, other.key]).map(({ name }) => name);
const sizeOf = (note: string): number => openCheckpoint(note, origin, keys.verifierKeysOf(origin)).size;

describe('witnesses', () => {
  it('witnesses cosign each checkpoint that they can see to continue the one before', async () => {
    const cosignatures = asking(witness, other);
    for (const count of [3, 300, 1]) {
      await record(count);
      expect(await failuresOf(cosignatures)).toEqual([]);
      const note = await log.checkpoint(scope);
      expect(cosignersOf(note)).toEqual([witness.key.name, other.key.name]);
      expect(await asking().checkpoint(scope)).toBe(note);
    }
    expect(witness.cosigned.get(origin)?.size).toBe(304);
    expect(witness.answers).toEqual([200, 200, 200]);
    await cosignatures.requestDue();
    expect(witness.answers).toHaveLength(3);
  });

  it('a witness that has cosigned another size is asked again from there', async () => {
    await record(5);
    await asking(witness).requestDue();
    await record(5);
    const plain = await openPlainDataSource(test.url);
    await plain.query(`UPDATE history_heads SET cosignedSizes = NULL WHERE id = '${scope.tenantId}'`);
    await plain.destroy();
    expect(await failuresOf(asking(witness))).toEqual([]);
    expect(witness.answers).toEqual([200, 409, 200]);
    expect(cosignersOf(await log.checkpoint(scope))).toEqual([witness.key.name]);
  });

  it('a witness does not cosign a fork, nor a history that became shorter', async () => {
    await record(6);
    await asking(witness).requestDue();
    const before = await log.checkpoint(scope);
    const plain = await openPlainDataSource(test.url);
    const restart = async (size: number): Promise<void> => {
      await plain.query(`DELETE FROM audit_events WHERE tenantId = '${scope.tenantId}' AND sequence >= ${size}`);
      for (const table of ['history_tiles', 'history_heads']) {
        const column = table === 'history_heads' ? 'id' : 'tenantId';
        await plain.query(`DELETE FROM ${table} WHERE ${column} = '${scope.tenantId}'`);
      }
      const set = `size = ${size}, publishedSize = NULL`;
      await plain.query(`UPDATE history_sizes SET ${set} WHERE tenantId = '${scope.tenantId}'`);
    };
    await restart(4);
    await record(2);
    const fork = await log.checkpoint(scope);
    expect([sizeOf(fork), parseNote(fork).text]).not.toEqual([6, parseNote(before).text]);
    expect(await failuresOf(asking(witness))).toEqual(['witness.example/w1 answered 422']);
    await restart(2);
    await record(1);
    expect(await failuresOf(asking(witness))).toEqual(['A witness has cosigned 6 events, and the history has 3']);
    await plain.destroy();
    expect(witness.answers).toEqual([200, 409, 422, 409]);
    expect(cosignersOf(await log.checkpoint(scope))).toEqual([]);
  });

  it.each([
    ['is not there', { status: 500, body: '' }, 'answered 500'],
    ['sends elsewhere', { status: 307, body: '' }, 'answered 307'],
    ['knows no such log', { status: 404, body: '' }, 'answered 404'],
    ['answers what is no signature', { status: 200, body: 'yes\n' }, 'signature line'],
    ['answers for another one', { status: 200, body: '\u2014 other.example AAAAAAAA\n' }, 'did not cosign'],
    ['names no size', { status: 409, body: 'much\n' }, 'names no size'],
    ['answers without end', { status: 200, body: 'x'.repeat(70_000) }, 'too large'],
  ])('a witness that %s is asked again later and later, and keeps no other one waiting', async (_, answer, message) => {
    const cosignatures = asking(witness, other);
    witness.instead = answer;
    await record(2);
    expect(await failuresOf(cosignatures)).toEqual([expect.stringContaining(message)]);
    expect(cosignersOf(await log.checkpoint(scope))).toEqual([other.key.name]);
    expect(await failuresOf(cosignatures)).toEqual([]);
    expect(witness.answers).toHaveLength(1);
    clock.advance(2 * SECOND);
    expect(await failuresOf(cosignatures)).toHaveLength(1);
    clock.advance(2 * SECOND);
    expect(await failuresOf(cosignatures)).toEqual([]);
    witness.instead = undefined;
    clock.advance(MINUTE);
    expect(await failuresOf(cosignatures)).toEqual([]);
    expect(cosignersOf(await log.checkpoint(scope))).toEqual([witness.key.name, other.key.name]);
  });

  it('a witness that never answers keeps no other one waiting, and is asked nothing while it is away', async () => {
    const cosignatures = asking(witness, other);
    witness.instead = 'silence';
    await record(2);
    const first = cosignatures.requestDue();
    await expect.poll(async () => cosignersOf(await log.checkpoint(scope))).toEqual([other.key.name]);
    await record(3);
    expect(await failuresOf(cosignatures)).toEqual([]);
    expect(sizeOf(await asking().checkpoint(scope))).toBe(5);
    expect([witness.unanswered, other.answers]).toEqual([1, [200, 200]]);
    await witness.close();
    expect(await first).toEqual([expect.objectContaining({ witness: witness.key.name })]);
    // The other histories wait with it.
    await record(1);
    expect(await failuresOf(cosignatures)).toEqual([]);
    clock.advance(2 * SECOND);
    expect(await failuresOf(cosignatures)).toEqual([expect.stringContaining('did not answer')]);
  });

  it('the end of the process waits for no witness that does not answer', async () => {
    const cosignatures = asking(witness);
    witness.instead = 'silence';
    await record(1);
    const asked = cosignatures.requestDue();
    await expect.poll(() => witness.unanswered).toBe(1);
    let ended = false;
    void asked.finally(() => (ended = true));
    await cosignatures.onModuleDestroy();
    // Where it only stopped waiting, the question would still be open.
    expect(ended).toBe(true);
    expect([await asked, await cosignatures.requestDue()]).toEqual([[], []]);
  });

  it('an answer that comes after that to a later checkpoint takes nothing back, whichever process asked', async () => {
    const [late, early] = [asking(witness), asking(witness, other)];
    await record(2);
    const gate = Promise.withResolvers<void>();
    witness.late = gate.promise;
    const first = late.requestDue();
    await expect.poll(() => witness.cosigned.get(origin)?.size).toBe(2);
    witness.late = undefined;
    await record(3);
    expect(await failuresOf(early)).toEqual([]);
    const before = await asking().checkpoint(scope);
    expect([sizeOf(before), cosignersOf(before)]).toEqual([5, [witness.key.name, other.key.name]]);
    gate.resolve();
    await first;
    expect(await asking().checkpoint(scope)).toBe(before);
    const answers = witness.answers.length;
    await early.requestDue();
    expect(witness.answers).toHaveLength(answers);
  });

  it('cosignatures of one checkpoint that two processes asked for are all kept, also where a later one is signed already', async () => {
    await record(2);
    const gate = Promise.withResolvers<void>();
    witness.late = gate.promise;
    const first = asking(witness).requestDue();
    await expect.poll(() => witness.cosigned.get(origin)?.size).toBe(2);
    await asking(other).requestDue();
    await record(3);
    gate.resolve();
    expect(await first).toEqual([]);
    const note = await asking().checkpoint(scope);
    expect([sizeOf(note), cosignersOf(note)]).toEqual([2, [witness.key.name, other.key.name]]);
  });

  it('a checkpoint that was cosigned stays available while later ones wait for their witnesses', async () => {
    const cosignatures = asking(witness);
    await record(2);
    await cosignatures.requestDue();
    witness.instead = { status: 500, body: '' };
    await record(3);
    await cosignatures.requestDue();
    expect([sizeOf(await log.checkpoint(scope)), sizeOf(await asking().checkpoint(scope))]).toEqual([5, 2]);
    const exporting = new HistoryExport(database, checkpoints, eventReader, asking());
    const { header } = await exporting.begin(scope, { format: 'ndjson', cosigned: true });
    expect([header.count, header.checkpoint]).toEqual([2, await asking().checkpoint(scope)]);
  });
});

describe('a checkpoint that a witness has cosigned', () => {
  it('a checkpoint that a witness has cosigned is not announced as pending where no process asks a witness', async () => {
    await record(2);
    await expect(asking().checkpoint(scope)).rejects.toThrow(withCode('NO_WITNESS'));
    const exporting = new HistoryExport(database, checkpoints, eventReader, asking());
    const request = { format: 'ndjson', cosigned: true } as const;
    await expect(exporting.begin(scope, request)).rejects.toThrow(withCode('NO_WITNESS'));
    // One that knows witnesses, and one that does not and shares the database with one that asked.
    await expect(asking(witness).checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await database.platform(platformScope(systemOrigin('test')), async (tx) => tx.record(keyEvents.used('key')));
    await checkpoints.publish(INSTALLATION_ID);
    witness.instead = { status: 404, body: '' };
    await asking(witness).requestDue();
    await expect(asking().checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
  });
});

describe('the setting of the witnesses', () => {
  const { parse } = checkpointSettings.witnesses;

  it('the setting of the witnesses names their keys and URLs', () => {
    const setting = `${witness.setting}, ${other.setting}`;
    expect(parse(setting)).toEqual([witness, other].map(({ key, url }) => ({ key, url })));
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['a URL alone', () => witness.url],
    ['a key alone', () => witness.setting.split(' ')[0]!],
    ['a URL of another kind', () => witness.setting.replace('http:', 'ftp:')],
    ['a broken key', () => witness.setting.replace('+', '')],
    ['too many', () => Array.from({ length: 9 }, () => witness.setting).join(',')],
  ])('the setting of the witnesses rejects %s', (_, setting) => {
    expect(() => parse(setting())).toThrow('must');
  });
});
