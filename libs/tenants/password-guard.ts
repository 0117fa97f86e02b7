import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { HOUR, MINUTE, type Origin, type PlatformScope, SECOND, Secret } from '#core';
import { PasswordHasher } from '#crypto';
import { Database } from '#database';

import { PasswordAttempt } from './entities.js';
import { sessionErrors } from './errors.js';

const FREE_FAILURES = 5;
const FIRST_LOCK = 30 * SECOND;
const LONGEST_LOCK = 15 * MINUTE;
const FORGOTTEN_AFTER = 24 * HOUR;

/** How long the subject is locked after so many failures in a row, in milliseconds: 30 s, doubling to 15 min. */
export const lockAfter = (failures: number): number =>
  failures < FREE_FAILURES ? 0 : Math.min(FIRST_LOCK * 2 ** (failures - FREE_FAILURES), LONGEST_LOCK);

/**
 * Whose turn a hash takes: that of a person who is signed in, else that of the address. So a flood of sign-ins from one
 * address holds up neither other addresses nor people who confirm what they do.
 */
export const hashingGroup = ({ actor, sourceAddress }: Origin): string =>
  actor.type === 'user' ? `user ${actor.id}` : `address ${sourceAddress ?? 'none'}`;

/**
 * The one place where a password is compared: log-in, deletion, export and password change share its counters.
 * An attempt is counted *before* it is hashed, so that parallel guesses cannot outrun the count.
 */
@Injectable()
export class PasswordGuard {
  constructor(
    private readonly database: Database,
    readonly hasher: PasswordHasher,
  ) {}

  /**
   * Whether `password` is the subject's.
   * @param subject the normalised e-mail that is tried, whether a user has it or not
   * @param storedHash `undefined` for an unknown user: it costs the same time
   * @throws TOO_MANY_ATTEMPTS while the subject is locked, BUSY where too many hashes wait
   */
  async verify(
    scope: PlatformScope,
    subject: string,
    password: string,
    storedHash: string | undefined,
  ): Promise<boolean> {
    const subjectHash = createHash('sha256').update(subject).digest('hex');
    await this.reserve(scope, subjectHash);
    const matches = await this.hasher.verify(new Secret(password.normalize('NFKC')), storedHash, hashingGroup(scope));
    if (matches) await this.forget(scope, subjectHash);
    return matches;
  }

  private async reserve(scope: PlatformScope, subjectHash: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('counters of password attempts');
      const { now } = tx;
      const fresh = { subjectHash, failures: 0, lockedUntil: 0, updatedAt: now };
      if (!(await tx.exists(PasswordAttempt, { subjectHash }))) await tx.insertIfAbsent(PasswordAttempt, fresh);
      const attempt = await tx.lock(PasswordAttempt, { subjectHash });
      // A lock that lasts longer than the longest was set while the clock was ahead.
      if (attempt.lockedUntil > now && attempt.lockedUntil <= now + LONGEST_LOCK) {
        throw sessionErrors.TOO_MANY_ATTEMPTS({ retryAfterSeconds: Math.ceil((attempt.lockedUntil - now) / SECOND) });
      }
      const failures = (tx.confirmed - attempt.updatedAt > FORGOTTEN_AFTER ? 0 : attempt.failures) + 1;
      const lockedUntil = now + lockAfter(failures);
      await tx.update(PasswordAttempt, { subjectHash }, { failures, lockedUntil, updatedAt: now });
    });
  }

  private async forget(scope: PlatformScope, subjectHash: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('counters of password attempts');
      await tx.delete(PasswordAttempt, { subjectHash });
    });
  }
}
