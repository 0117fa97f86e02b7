import { createHash } from 'node:crypto';

import { DAY, type EpochMilliseconds, HOUR, MINUTE, SECOND } from '#core';
import { In, type Tx } from '#database';

import { PasswordAttempt } from './entities.js';
import { sessionErrors } from './errors.js';

export const FREE_FAILURES = 5;
const FIRST_LOCK = 30 * SECOND;
const LONGEST_LOCK = 15 * MINUTE;
const FORGOTTEN_AFTER = 24 * HOUR;

/** How long the subject is locked after consecutive failures, in milliseconds: 30 s, doubling to 15 min. */
export const lockAfter = (failures: number): number =>
  failures < FREE_FAILURES ? 0 : Math.min(FIRST_LOCK * 2 ** (failures - FREE_FAILURES), LONGEST_LOCK);

const FREE_FAILURES_OF_ACCOUNT = 100;
const FAILURES_PER_STEP = 20;

/**
 * The same for an account over all networks. It grows slowly, so that a few strangers do not lock out the owner, while a
 * distributed attack is limited to one guess in 15 minutes.
 */
export const accountLockAfter = (failures: number): number => {
  const steps = Math.floor((failures - FREE_FAILURES_OF_ACCOUNT) / FAILURES_PER_STEP);
  return steps < 0 ? 0 : Math.min(FIRST_LOCK * 2 ** steps, LONGEST_LOCK);
};

/** How long a network is trusted for an account after the right password came from it. */
export const KNOWN_FOR = 30 * DAY;

/** A counter of failures, and how long it locks its subject. */
export interface Subject {
  readonly hash: string;
  /** Hash of the account that was tried; `null` for failures of a session. */
  readonly accountHash: string | null;
  readonly lockAfter: (failures: number) => number;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @param account whose sign-ins the failures belong to, see `forgetFailures` */
export const subject = (text: string, lock: Subject['lockAfter'], account?: string): Subject => ({
  hash: hashOf(text),
  accountHash: account === undefined ? null : hashOf(`account ${account}`),
  lockAfter: lock,
});

/** @throws TOO_MANY_ATTEMPTS */
export function requireUnlocked(row: PasswordAttempt | undefined, now: EpochMilliseconds): void {
  const lockedUntil = row?.lockedUntil ?? 0;
  // A lock longer than the maximum was set while the clock was ahead.
  if (lockedUntil <= now || lockedUntil > now + LONGEST_LOCK) return;
  throw sessionErrors.TOO_MANY_ATTEMPTS({ retryAfterSeconds: Math.ceil((lockedUntil - now) / SECOND) });
}

/** Locks the rows of the subjects in an order that is the same for all attempts, so that no deadlock occurs. */
export async function lockAll(tx: Tx, subjects: readonly Subject[]) {
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

/** A step: adds a failure to a counter whose row is locked, or takes one back. */
export async function count(
  tx: Tx,
  { hash, lockAfter: lock }: Subject,
  row: PasswordAttempt,
  by: 1 | -1,
): Promise<void> {
  const before = tx.confirmed - row.updatedAt > FORGOTTEN_AFTER ? 0 : row.failures;
  const failures = Math.max(0, before + by);
  // Taking back a failure also removes its lock.
  const lockedUntil = by > 0 ? tx.now + lock(failures) : 0;
  const expiresAt = Math.max(tx.now + FORGOTTEN_AFTER, (row.succeededAt ?? 0) + KNOWN_FOR);
  await tx.update(PasswordAttempt, { subjectHash: hash }, { failures, lockedUntil, updatedAt: tx.now, expiresAt });
}

/** A step: a success resets the counter of its subject, whose row is locked. */
export async function countSuccess(tx: Tx, { hash: subjectHash }: Subject): Promise<void> {
  const set = { failures: 0, lockedUntil: 0, succeededAt: tx.now, updatedAt: tx.now };
  await tx.update(PasswordAttempt, { subjectHash }, { ...set, expiresAt: tx.now + KNOWN_FOR });
}

/**
 * A step of an account's reset: forgets its failures from all networks.
 * @param accounts the names by which its sign-ins are counted
 */
export async function forgetFailures(tx: Tx, accounts: readonly string[]): Promise<void> {
  const accountHash = In(accounts.map((account) => hashOf(`account ${account}`)));
  const set = { failures: 0, lockedUntil: 0, updatedAt: tx.now };
  await tx.installation.update(PasswordAttempt, { accountHash }, set);
}
