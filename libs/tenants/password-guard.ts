import { Injectable } from '@nestjs/common';

import { type Origin, type PlatformScope, Secret, coreErrors } from '#core';
import { PasswordHasher } from '#crypto';
import { Database, In } from '#database';

import {
  FREE_FAILURES,
  KNOWN_FOR,
  type Subject,
  accountLockAfter,
  count,
  countSuccess,
  lockAfter,
  lockAll,
  requireUnlocked,
  subject,
} from './attempt-counters.js';
import { PasswordAttempt } from './entities.js';
import { sessionErrors } from './errors.js';
import { networkOf } from './source-address.js';

/**
 * How many sign-ins from unknown networks may wait for their hash. It is less than the whole queue, so that a flood of them
 * leaves room for people on known networks and for confirmations.
 */
const UNKNOWN_WAITING_MAX = 40;

/** A sign-in attempt, whether or not the account exists. */
export interface SignIn {
  /** The normalised e-mail. */
  readonly account: string;
  readonly password: string;
  /** `undefined` for an unknown user, whose attempt takes the same time. */
  readonly storedHash: string | undefined;
}

/** The password of a user who is signed in already. */
export interface StepUp {
  /** The session, whose failures are counted. */
  readonly sessionId: string;
  readonly password: string;
  readonly storedHash: string;
}

interface Attempt {
  /** The counters, in the order in which their rows are locked. */
  readonly subjects: readonly Subject[];
  /** The counter that a success resets. */
  readonly own: Subject;
  readonly password: string;
  readonly storedHash: string | undefined;
  /** Whether it may use the places that unknown networks may not. */
  readonly mayWait: boolean;
}

/**
 * The group whose turn a hash uses: a person who is signed in, otherwise the network. So a flood of sign-ins from one
 * network delays neither other networks nor confirmations.
 */
export const hashingGroup = ({ actor, sourceAddress }: Origin): string =>
  actor.type === 'user' ? `user ${actor.id}` : `address ${networkOf(sourceAddress) ?? 'none'}`;

/**
 * The one place where a password is compared. Sign-ins are counted by account and network, and slowly by account;
 * confirmations by session. So failures of strangers block neither the owner's sign-in nor the owner's confirmations.
 *
 * An attempt is counted when its turn comes, *before* it is hashed: parallel guesses cannot outrun the count, and an attempt
 * that is rejected with BUSY does not count. If an internal error ends an attempt, its count is taken back.
 */
@Injectable()
export class PasswordGuard {
  /** Number of attempts of each subject that wait or are compared in this process. */
  readonly #underWay = new Map<string, number>();
  #unknownWaiting = 0;

  constructor(
    private readonly database: Database,
    readonly hasher: PasswordHasher,
  ) {}

  /**
   * Whether the password is the account's.
   * @throws TOO_MANY_ATTEMPTS while the account is locked for this network, BUSY where too many hashes wait
   */
  async verifySignIn(scope: PlatformScope, { account, password, storedHash }: SignIn): Promise<boolean> {
    const network = networkOf(scope.sourceAddress) ?? scope.sourceAddress ?? 'none';
    const fromHere = subject(`sign-in ${account} ${network}`, lockAfter, account);
    const overall = subject(`account ${account}`, accountLockAfter, account);
    const [row, accountRow, now] = await this.read(scope, fromHere, overall);
    const known = (row?.succeededAt ?? 0) > now - KNOWN_FOR;
    // Failures from other networks do not block a network that is known for the account.
    const subjects = known ? [fromHere] : [overall, fromHere];
    requireUnlocked(row, now);
    if (!known) requireUnlocked(accountRow, now);
    const matches = await this.compare(scope, { subjects, own: fromHere, password, storedHash, mayWait: known });
    if (!matches && known) await this.change(scope, [overall], 1);
    return matches;
  }

  /**
   * Whether the password is that of the user of the session.
   * @throws TOO_MANY_ATTEMPTS while confirmations of the session are locked, BUSY where too many hashes wait
   */
  async verifyStepUp(scope: PlatformScope, { sessionId, password, storedHash }: StepUp): Promise<boolean> {
    const session = subject(`session ${sessionId}`, lockAfter);
    const [row, , now] = await this.read(scope, session);
    requireUnlocked(row, now);
    return this.compare(scope, { subjects: [session], own: session, password, storedHash, mayWait: true });
  }

  private async compare(scope: PlatformScope, attempt: Attempt): Promise<boolean> {
    const { subjects, own, password, storedHash } = attempt;
    const leave = this.enter(attempt);
    let counted = false;
    try {
      const text = new Secret(password.normalize('NFKC'));
      const matches = await this.hasher.verify(text, storedHash, hashingGroup(scope), async () => {
        await this.reserve(scope, subjects);
        counted = true;
      });
      if (matches) await this.recordSuccess(scope, subjects, own);
      return matches;
    } catch (error) {
      if (counted) await this.change(scope, subjects, -1);
      throw error;
    } finally {
      leave();
    }
  }

  /** Takes one of the places of this process. @returns a function that gives it back @throws TOO_MANY_ATTEMPTS, BUSY */
  private enter({ own, mayWait }: Attempt): () => void {
    const underWay = this.#underWay.get(own.hash) ?? 0;
    // So many may fail before the lock; one more would be rejected anyway.
    if (underWay >= FREE_FAILURES) throw sessionErrors.TOO_MANY_ATTEMPTS({ retryAfterSeconds: 1 });
    if (!mayWait && this.#unknownWaiting >= UNKNOWN_WAITING_MAX) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    this.#underWay.set(own.hash, underWay + 1);
    if (!mayWait) this.#unknownWaiting += 1;
    return () => {
      if (!mayWait) this.#unknownWaiting -= 1;
      const rest = this.#underWay.get(own.hash)! - 1;
      if (rest === 0) this.#underWay.delete(own.hash);
      else this.#underWay.set(own.hash, rest);
    };
  }

  /** Reads the counters first: an attempt on a locked subject is rejected before it queues. */
  private async read(scope: PlatformScope, one: Subject, other = one) {
    return this.database.readPlatform(scope, async (view) => {
      const rows = await view.find(PasswordAttempt, { subjectHash: In([one.hash, other.hash]) });
      const rowOf = ({ hash }: Subject) => rows.find(({ subjectHash }) => subjectHash === hash);
      return [rowOf(one), rowOf(other), view.now] as const;
    });
  }

  /** Counts an attempt as a failure until it succeeds. @throws TOO_MANY_ATTEMPTS, counting nothing */
  private async reserve(scope: PlatformScope, subjects: readonly Subject[]): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('counters of password attempts');
      const rows = await lockAll(tx, subjects);
      for (const { row } of rows) requireUnlocked(row, tx.now);
      for (const { subject, row } of rows) await count(tx, subject, row, 1);
    });
  }

  /** Adds failures to the counters, or takes them back. */
  private async change(scope: PlatformScope, subjects: readonly Subject[], by: 1 | -1): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('counters of password attempts');
      for (const { subject, row } of await lockAll(tx, subjects)) await count(tx, subject, row, by);
    });
  }

  private async recordSuccess(scope: PlatformScope, subjects: readonly Subject[], own: Subject): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('counters of password attempts');
      for (const { subject, row } of await lockAll(tx, subjects)) {
        if (subject === own) await countSuccess(tx, own);
        else await count(tx, subject, row, -1);
      }
    });
  }
}
