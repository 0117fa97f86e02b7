import { Injectable } from '@nestjs/common';

import { type FactorMethod, type FactorProof, Factors } from '#factors';
import type { Tx } from '#database';

import { count, countSuccess, lockAfter, lockAll, requireUnlocked, subject } from './attempt-counters.js';

/**
 * The one place where a second factor is verified. Codes can be guessed, so failures are counted by account, whatever
 * their network or sign-in: the attacker already knows the password. A passkey cannot be guessed and is never locked.
 */
@Injectable()
export class FactorGuard {
  constructor(private readonly factors: Factors) {}

  /**
   * A step of platform work. The transaction commits even if the proof is rejected, so that the failure is counted.
   * @param userId the user, whose row is locked
   * @param key of the question that is answered, see `Factors.ask`
   * @returns the method; `undefined` if the proof is rejected
   * @throws TOO_MANY_ATTEMPTS while codes of the account are locked
   */
  async verify(tx: Tx, userId: string, proof: FactorProof, key: string): Promise<FactorMethod | undefined> {
    if (proof.kind === 'passkey') return this.factors.verify(tx, userId, proof, key);
    const codes = subject(`second factor ${userId}`, lockAfter);
    const [counter] = await lockAll(tx, [codes]);
    requireUnlocked(counter!.row, tx.now);
    const method = await this.factors.verify(tx, userId, proof, key);
    if (method === undefined) await count(tx, codes, counter!.row, 1);
    else await countSuccess(tx, codes);
    return method;
  }
}
