import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DAY,
  type EpochMilliseconds,
  HOUR,
  MINUTE,
  type Origin,
  type PlatformScope,
  SECOND,
  Secret,
  coreErrors,
} from '#core';
import { PasswordHasher } from '#crypto';
import { Database, In, type Tx } from '#database';

import { PasswordAttempt } from './entities.js';
import { sessionErrors } from './errors.js';
import { networkOf } from './source-address.js';

const FREE_FAILURES = 5;
const FIRST_LOCK = 30 * SECOND;
const LONGEST_LOCK = 15 * MINUTE;
const FORGOTTEN_AFTER = 24 * HOUR;

/** How long the subject is locked after so many failures in a row, in milliseconds: 30 s, doubling to 15 min. */
export const lockAfter = (failures: number): number =>
  failures < FREE_FAILURES ? 0 : Math.min(FIRST_LOCK * 2 ** (failures - FREE_FAILURES), LONGEST_LOCK);

const FREE_FAILURES_OF_ACCOUNT = 100;
const FAILURES_PER_STEP = 20;

/**
 * The same for an account as a whole, over all networks: slow, so that a few strangers do not lock the owner out, while a
 * distributed attack ends with a guess each quarter of an hour.
 */
export const accountLockAfter = (failures: number): number => {
  const steps = Math.floor((failures - FREE_FAILURES_OF_ACCOUNT) / FAILURES_PER_STEP);
  return steps < 0 ? 0 : Math.min(FIRST_LOCK * 2 ** steps, LONGEST_LOCK);
};

/** For so long a network from which the right password came is known for the account. */
const KNOWN_FOR = 30 * DAY;

/**
 * How many sign-ins from unknown networks may wait for their hash: fewer than the line holds, so that a flood of them
 * leaves room for those who have signed in from where they are before, and for people who confirm what they do.
 */
const UNKNOWN_WAITING_MAX = 40;

/** An account that is tried, whether it exists or not. */
export interface SignIn {
  /** The normalised e-mail. */
  readonly account: string;
  readonly password: string;
  /** `undefined` for an unknown user: it costs the same time. */
  readonly storedHash: string | undefined;
}

/** The password of a user who is signed in already. */
export interface StepUp {
  /** What the failures are counted for: the session. */
  readonly sessionId: string;
  readonly password: string;
  readonly storedHash: string;
}

/** A counter of failures, and how long it locks what it counts. */
interface Subject {
  readonly hash: string;
  /** Of the account that the failures are about; `null` for those of a session. */
  readonly accountHash: string | null;
  readonly lockAfter: (failures: number) => number;
}

interface Attempt {
  /** What is counted, in the order in which their rows are locked. */
  readonly subjects: readonly Subject[];
  /** The one of them that a success belongs to. */
  readonly own: Subject;
  readonly password: string;
  readonly storedHash: string | undefined;
  /** Whether it may take the places that are kept from unknown networks. */
  readonly mayWait: boolean;
}

/**
 * Whose turn a hash takes: that of a person who is signed in, else that of the network. So a flood of sign-ins from one
 * network holds up neither others nor people who confirm what they do.
 */
export const hashingGroup = ({ actor, sourceAddress }: Origin): string =>
  actor.type === 'user' ? `user ${actor.id}` : `address ${networkOf(sourceAddress) ?? 'none'}`;

/**
 * The one place where a password is compared. Sign-ins are counted by account and network, and slowly by account;
 * confirmations by session. So failures of strangers stop neither the owner's sign-in nor what the owner confirms.
 *
 * An attempt is counted when its turn has come, *before* it is hashed: parallel guesses cannot outrun the count, and one
 * that is answered BUSY was none. What ends by an error of ours is taken back.
 */
@Injectable()
export class PasswordGuard {
  /** Attempts of each subject that wait or are compared in this process. */
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
    // A network that is known for the account is not stopped by failures that come from elsewhere.
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

  /** Takes one of the places of this process. @returns what gives it back @throws TOO_MANY_ATTEMPTS, BUSY */
  private enter({ own, mayWait }: Attempt): () => void {
    const underWay = this.#underWay.get(own.hash) ?? 0;
    // As many may fail before the lock: a further one would find it.
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

  /** The counters before anything waits: what is locked is rejected without a place in the line. */
  private async read(scope: PlatformScope, one: Subject, other = one) {
    return this.database.readPlatform(scope, async (view) => {
      const rows = await view.find(PasswordAttempt, { subjectHash: In([one.hash, other.hash]) });
      const rowOf = ({ hash }: Subject) => rows.find(({ subjectHash }) => subjectHash === hash);
      return [rowOf(one), rowOf(other), view.now] as const;
    });
  }

  /** Counts an attempt as a failure until it turns out to be none. @throws TOO_MANY_ATTEMPTS, counting nothing */
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
        if (subject !== own) {
          await count(tx, subject, row, -1);
          continue;
        }
        const set = { failures: 0, lockedUntil: 0, succeededAt: tx.now, updatedAt: tx.now };
        await tx.update(PasswordAttempt, { subjectHash: own.hash }, { ...set, expiresAt: tx.now + KNOWN_FOR });
      }
    });
  }
}

/**
 * A step of an account's reset: its failures, from every network, count no more.
 * @param accounts the names by which its sign-ins are counted
 */
export async function forgetFailures(tx: Tx, accounts: readonly string[]): Promise<void> {
  const accountHash = In(accounts.map((account) => hashOf(`account ${account}`)));
  const set = { failures: 0, lockedUntil: 0, updatedAt: tx.now };
  await tx.installation.update(PasswordAttempt, { accountHash }, set);
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const subject = (text: string, lock: Subject['lockAfter'], account?: string): Subject => ({
  hash: hashOf(text),
  accountHash: account === undefined ? null : hashOf(`account ${account}`),
  lockAfter: lock,
});

function requireUnlocked(row: PasswordAttempt | undefined, now: EpochMilliseconds): void {
  const lockedUntil = row?.lockedUntil ?? 0;
  // A lock that lasts longer than the longest was set while the clock was ahead.
  if (lockedUntil <= now || lockedUntil > now + LONGEST_LOCK) return;
  throw sessionErrors.TOO_MANY_ATTEMPTS({ retryAfterSeconds: Math.ceil((lockedUntil - now) / SECOND) });
}

/** The rows of the subjects, in their order, which is the same for all attempts: none waits for another in a circle. */
async function lockAll(tx: Tx, subjects: readonly Subject[]) {
  const rows: { readonly subject: Subject; readonly row: PasswordAttempt }[] = [];
  for (const one of subjects) {
    const subjectHash = one.hash;
    if (!(await tx.exists(PasswordAttempt, { subjectHash }))) {
      const fresh = { failures: 0, lockedUntil: 0, succeededAt: null, updatedAt: tx.now, expiresAt: tx.now };
      await tx.insertIfAbsent(PasswordAttempt, { subjectHash, accountHash: one.accountHash, ...fresh });
    }
    rows.push({ subject: one, row: await tx.lock(PasswordAttempt, { subjectHash }) });
  }
  return rows;
}

async function count(tx: Tx, { hash, lockAfter: lock }: Subject, row: PasswordAttempt, by: 1 | -1): Promise<void> {
  const before = tx.confirmed - row.updatedAt > FORGOTTEN_AFTER ? 0 : row.failures;
  const failures = Math.max(0, before + by);
  // A failure that is taken back takes its lock with it.
  const lockedUntil = by > 0 ? tx.now + lock(failures) : 0;
  const expiresAt = Math.max(tx.now + FORGOTTEN_AFTER, (row.succeededAt ?? 0) + KNOWN_FOR);
  await tx.update(PasswordAttempt, { subjectHash: hash }, { failures, lockedUntil, updatedAt: tx.now, expiresAt });
}
