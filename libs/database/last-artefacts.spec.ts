import { describe, expect, it } from 'vitest';

import { ManualClock, coreErrors } from '#core';

import { databaseErrors } from './errors.js';
import { type Artefact, LastArtefacts } from './last-artefacts.js';

const LIMITS = { entriesMax: 3, bytesMax: 100 };
const HOLDS = 1_000;

function fixture() {
  const clock = new ManualClock();
  const artefacts = new LastArtefacts<string>(clock, LIMITS);
  const artefact = (value: string, bytes = 1): Artefact<string> => ({ value, bytes, until: clock.now() + HOLDS });
  const away = async (): Promise<never> => {
    throw databaseErrors.DATABASE_UNAVAILABLE();
  };
  /** What is published of each key while the database is away. */
  const held = (...keys: string[]) =>
    Promise.all(
      keys.map((key) =>
        artefacts.publish(key, away).then(
          ({ value }) => value,
          () => undefined,
        ),
      ),
    );
  return { clock, artefacts, artefact, away, held };
}

describe('the last artefact of a key', () => {
  it('the last artefact is published while the database is away, until it ends', async () => {
    const { clock, artefacts, artefact, away } = fixture();
    expect(await artefacts.publish('a', async () => artefact('1'))).toEqual({ value: '1', isHeld: false });
    expect(await artefacts.publish('a', away)).toEqual({ value: '1', isHeld: true });
    clock.advance(HOLDS);
    await expect(artefacts.publish('a', away)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('the last artefact is the newest', async () => {
    const { artefacts, artefact, held } = fixture();
    artefacts.hold('a', artefact('1'));
    artefacts.hold('a', artefact('2'));
    expect(await held('a')).toEqual(['2']);
  });

  it.each([coreErrors.INTERNAL_ERROR(), databaseErrors.AUDIT_UNAVAILABLE(), new Error('own')])(
    'the last artefact is not published instead of another failure: %s',
    async (failure) => {
      const { artefacts, artefact } = fixture();
      artefacts.hold('a', artefact('1'));
      await expect(artefacts.publish('a', () => Promise.reject(failure))).rejects.toBe(failure);
    },
  );

  it('the last artefact is forgotten when it is not there any more', async () => {
    const { artefacts, artefact, held } = fixture();
    artefacts.hold('a', artefact('1'));
    const absent = artefacts.publish('a', () => Promise.reject(coreErrors.NOT_FOUND()));
    await expect(absent).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await held('a')).toEqual([undefined]);
  });

  it('the last artefact makes room for newer ones: of entries, and of bytes', async () => {
    const { artefacts, artefact, held } = fixture();
    for (const key of ['a', 'b', 'c', 'd']) artefacts.hold(key, artefact(key));
    expect(await held('a', 'b', 'c', 'd')).toEqual([undefined, 'b', 'c', 'd']);
    artefacts.hold('e', artefact('e', 99));
    expect(await held('b', 'c', 'd', 'e')).toEqual([undefined, undefined, 'd', 'e']);
    artefacts.hold('f', artefact('f', 101));
    expect(await held('d', 'e', 'f')).toEqual(['d', 'e', undefined]);
  });

  it('an artefact is not held where it has ended already', async () => {
    const { clock, artefacts, held } = fixture();
    artefacts.hold('a', { value: '1', bytes: 1, until: clock.now() });
    expect([artefacts.last('a'), await held('a')]).toEqual([undefined, [undefined]]);
  });

  it('the last artefact stays where the next one is not for everybody', async () => {
    const { artefacts, artefact, held } = fixture();
    artefacts.hold('a', artefact('1'));
    await artefacts.publish('a', async () => ({ value: '2', bytes: 1, until: undefined }));
    expect(await held('a')).toEqual(['1']);
  });
});
