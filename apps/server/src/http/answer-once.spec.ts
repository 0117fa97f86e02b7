import { describe, expect, it } from 'vitest';

import { Secret, type TenantScope, coreErrors, systemOrigin } from '#core';
import {
  type Committed,
  type Database,
  KeyTaken,
  type Tx,
  committed,
  completing,
  completionOf,
  withoutCompletion,
} from '#database';

import {
  AnswerMisuse,
  AnswerSecret,
  type KeyClaim,
  type KeyReservation,
  Repetition,
  type StoredAnswer,
  answerOnce,
  answerOnceCommitted,
  restoreBody,
} from './answer-once.js';

const SCOPE: TenantScope = { ...systemOrigin('test'), tenantId: 'tenant' };
const TX = undefined as unknown as Tx;

/** A scope whose request has a key, what its transaction stored, and what became of its claim. */
function repeatable() {
  const stored: { answer: StoredAnswer; until: number | undefined }[] = [];
  const ends: string[] = [];
  const claim: KeyClaim = {
    complete: async (_, answer, until) => void stored.push({ answer, until }),
    finish: () => void ends.push('finished'),
    release: async () => void ends.push('released'),
  };
  const repetition = new Repetition({
    reserve: async () => undefined,
    claim: async () => ({ claim }),
    status: () => 201,
  });
  return { stored, ends, repetition, scope: completing(SCOPE, repetition) };
}

/** A use-case of one transaction. */
const inTransaction = <T>(scope: TenantScope, result: T): Promise<Committed<T>> =>
  committed(Promise.resolve(completionOf(scope)?.complete(TX, result)).then(() => result));

const secret = (text: string, until?: number): AnswerSecret =>
  new AnswerSecret(new Secret(text), { kind: 'sample', id: text.length }, until);

describe('answerOnce', () => {
  it('answerOnce presents the result, with the texts of its secrets, where the request has no key', async () => {
    const present = (name: string) => ({ name, list: [{ secret: secret('s3cret') }], empty: null });
    const answer = await answerOnce(SCOPE, present, () => inTransaction(SCOPE, 'n'));
    expect(answer).toEqual({ name: 'n', list: [{ secret: 's3cret' }], empty: null });
  });

  it('answerOnce stores the answer in the transaction of the work, without the texts of its secrets', async () => {
    const { stored, ends, repetition, scope } = repeatable();
    const present = (name: string) => ({ name, a: { b: secret('first') }, list: [secret('second')] });
    const answer = await answerOnce(scope, present, () => inTransaction(scope, 'n'));
    expect(answer).toEqual({ name: 'n', a: { b: 'first' }, list: ['second'] });
    expect(repetition.completed).toBe(true);
    expect(ends).toEqual(['finished']);
    expect(stored).toEqual([
      {
        until: undefined,
        answer: {
          status: 201,
          body: '{"name":"n","a":{"b":null},"list":[null]}',
          secrets: [
            { path: ['a', 'b'], reference: { kind: 'sample', id: 5 } },
            { path: ['list', '0'], reference: { kind: 'sample', id: 6 } },
          ],
        },
      },
    ]);
    expect(restoreBody(stored[0]!.answer, ['first', 'second'])).toEqual(answer);
  });

  it('answerOnce ends the stored answer with the first of its secrets', async () => {
    const { stored, scope } = repeatable();
    await answerOnce(
      scope,
      () => [secret('a', 30), secret('b', 20), secret('c')],
      () => inTransaction(scope, 0),
    );
    expect(stored.map(({ until }) => until)).toEqual([20]);
  });

  it('answerOnce stores an answer without a body', async () => {
    const { stored, scope } = repeatable();
    expect(
      await answerOnce(
        scope,
        () => undefined,
        () => inTransaction(scope, undefined),
      ),
    ).toBe(undefined);
    expect(stored[0]!.answer).toEqual({ status: 201, body: null, secrets: [] });
    expect(restoreBody(stored[0]!.answer, [])).toBe(undefined);
  });

  it('answerOnce stores nothing for a refusal that the transaction returned, and for a work that failed', async () => {
    const { stored, ends, repetition, scope } = repeatable();
    const refused = async (): Promise<never> => {
      throw await inTransaction(scope, coreErrors.RATE_LIMITED());
    };
    await expect(answerOnce(scope, () => 'never', refused)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([stored, ends, repetition.completed]).toEqual([[], ['released'], false]);
  });

  it('answerOnce gives the answer of the request that had the key before, and does no work', async () => {
    const repetition = new Repetition({
      reserve: async () => undefined,
      claim: async () => ({ repeated: { name: 'n' } }),
      status: () => 201,
    });
    const work = async (): Promise<never> => {
      throw new Error('worked');
    };
    expect(await answerOnce(completing(SCOPE, repetition), () => 'never', work)).toEqual({ name: 'n' });
  });

  it('answerOnce does no work where the key cannot be claimed', async () => {
    const claim = async (): Promise<never> => {
      throw coreErrors.BUSY();
    };
    const scope = completing(SCOPE, new Repetition({ reserve: async () => undefined, claim, status: () => 201 }));
    let worked = false;
    const work = async () => void (worked = true);
    await expect(answerOnce(scope, () => 'never', work)).rejects.toMatchObject({ code: 'BUSY' });
    expect(worked).toBe(false);
  });

  it.each<[string, (scope: TenantScope) => Promise<unknown>]>([
    ['the work opened no transaction with the scope', async () => 'result'],
    ['the transaction gave another result', async (scope) => `${await inTransaction(scope, 'other')} result`],
    ['the transaction was opened with a scope that was derived', (scope) => inTransaction({ ...scope }, 'result')],
  ])('answerOnce is a misuse where %s', async (_, work) => {
    const { ends, scope } = repeatable();
    await expect(
      answerOnce(
        scope,
        (result) => result,
        // What the compiler rejects.
        () => work(scope) as Promise<Committed<unknown>>,
      ),
    ).rejects.toThrow(AnswerMisuse);
    expect(ends).toEqual(['released']);
  });

  it('answerOnce compiles with nothing but what a transaction of the work returned', () => {
    const { database, scope } = {} as { database: Database; scope: TenantScope };
    const row = { name: 'n' };
    const present = ({ name }: typeof row) => name;
    // Never called: the compiler is the test, a directive that nothing needs is an error of its own.
    const uses = () => [
      answerOnce(scope, present, () => database.transaction(scope, async () => row)),
      answerOnce(scope, present, async () => await database.transaction(scope, async () => row)),
      // @ts-expect-error no transaction
      answerOnce(scope, present, async () => row),
      // @ts-expect-error a value that was made from the result
      answerOnce(scope, present, async () => ({ ...(await database.transaction(scope, async () => row)) })),
      // @ts-expect-error a part of the result
      answerOnce(scope, present, async () => (await database.transaction(scope, async () => ({ row }))).row),
      // @ts-expect-error a read
      answerOnce(scope, present, () => database.read(scope, async () => row)),
      // @ts-expect-error a transaction beside the work
      answerOnce(scope, present, () => database.transaction(withoutCompletion(scope), async () => row)),
    ];
    expect(uses).toBeTypeOf('function');
  });

  it('answerOnce is missed by a transaction whose route does not use it', async () => {
    const { scope } = repeatable();
    await expect(inTransaction(scope, 'result')).rejects.toThrow(AnswerMisuse);
  });
});

describe('answerOnceCommitted', () => {
  class Row {}

  /** A request whose key is taken to be free, and what became of it. */
  function reserving(repeated?: unknown, isTaken = false) {
    const rows: StoredAnswer[] = [];
    const ends: unknown[] = [];
    const reservation: KeyReservation = {
      entity: Row,
      key: { name: 'key' },
      row: async (_, answer) => {
        rows.push(answer);
        return answer;
      },
      isTaken: async () => isTaken,
      end: (isKnown) => void ends.push(isKnown),
    };
    const claim = async () => {
      ends.push('claimed');
      return { repeated };
    };
    const repetition = new Repetition({ reserve: async () => reservation, claim, status: () => 200 });
    return { rows, ends, scope: completing(SCOPE, repetition) };
  }

  /** A use-case that shares a transaction, which is begun as often as there are results; the last one is committed. */
  const together = <T>(scope: TenantScope, ...results: T[]): Promise<Committed<T>> =>
    committed(
      (async () => {
        for (const result of results) await completionOf(scope)!.shared!.row(TX, result);
        return results.at(-1)!;
      })(),
    );

  it('answerOnceCommitted claims nothing where the key is free, and stores the answer with the work', async () => {
    const { rows, ends, scope } = reserving();
    const present = (name: string) => ({ name, token: secret('text') });
    const answer = await answerOnceCommitted(scope, present, () => together(scope, 'given up', 'n'));
    expect(answer).toEqual({ name: 'n', token: 'text' });
    expect(rows.at(-1)).toMatchObject({ status: 200, body: '{"name":"n","token":null}' });
    expect(ends).toEqual([true]);
    expect(completionOf(scope)!.shared).toBeUndefined();
  });

  it('answerOnceCommitted claims the key where it is taken, and repeats the answer', async () => {
    const { ends, scope } = reserving({ name: 'first' });
    const taken = async (): Promise<never> => {
      throw new KeyTaken();
    };
    expect(await answerOnceCommitted(scope, () => 'never', taken)).toEqual({ name: 'first' });
    expect(ends).toEqual([true, 'claimed']);
  });

  it('answerOnceCommitted stores nothing for a refusal, and leaves the key free where the work failed', async () => {
    const { rows, ends, scope } = reserving();
    const refused = async (): Promise<never> => {
      throw await together(scope, coreErrors.RATE_LIMITED());
    };
    await expect(answerOnceCommitted(scope, () => 'never', refused)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([rows, ends]).toEqual([[], [false]]);
  });

  it('answerOnceCommitted repeats the answer where the work would be refused now', async () => {
    const { ends, scope } = reserving({ name: 'first' }, true);
    const refused = async (): Promise<never> => {
      throw coreErrors.VALIDATION_ERROR();
    };
    expect(await answerOnceCommitted(scope, () => 'never', refused)).toEqual({ name: 'first' });
    expect(ends).toEqual([true, 'claimed']);
  });

  it('answerOnceCommitted answers nothing that was not stored', async () => {
    const { scope } = reserving();
    const beside = () => committed(Promise.resolve('beside'));
    await expect(answerOnceCommitted(scope, () => 'never', beside)).rejects.toThrow(AnswerMisuse);
  });
});
