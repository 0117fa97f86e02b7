import { Injectable, Logger } from '@nestjs/common';

import { RepeatedEvents } from '#audit';
import { DomainError, type ErrorFactory, INSTALLATION_ID, type PlatformScope } from '#core';
import { Database } from '#database';

import type { User } from './entities.js';
import { sessionErrors } from './errors.js';
import { sessionEvents } from './events.js';
import { networkOf } from './source-address.js';
import { historiesOfUser } from './user-histories.js';

/** A password that was rejected. */
interface RefusedPassword {
  /** `undefined` where no user has the address. */
  readonly user: Pick<User, 'id'> | undefined;
  /** The normalised address that was tried. */
  readonly email: string;
  readonly reason: 'log-in' | 'password confirmation' | 'second factor';
  /** The code of the answer. */
  readonly code: string;
}

/** Whether the answer is that a password or a second factor is wrong (`wrong`), or that there were too many wrong ones before it. */
export const isRefusedPassword = (error: unknown, wrong: ErrorFactory): error is DomainError =>
  error instanceof DomainError && [wrong.code, sessionErrors.TOO_MANY_ATTEMPTS.code].includes(error.code);

/**
 * Records rejected log-ins, password confirmations and second factors: those of a user also in the tenants that the user is a member of;
 * those of unknown addresses only in the installation's history, counted together for each network that they come from.
 */
@Injectable()
export class RefusedPasswords {
  readonly #logger = new Logger(RefusedPasswords.name);

  constructor(
    private readonly database: Database,
    private readonly events: RepeatedEvents,
  ) {}

  /** Never throws: the answer is the refusal, whatever becomes of its record. */
  async record(scope: PlatformScope, { user, email, reason, code }: RefusedPassword): Promise<void> {
    const { actor, requestId, sourceAddress } = scope;
    try {
      await this.events.record({
        subject: `password:${reason}:${code}:${user?.id ?? `unknown:${networkOf(sourceAddress) ?? 'none'}`}`,
        histories: user
          ? await this.database.readPlatform(scope, (view) => historiesOfUser(view, user.id))
          : [INSTALLATION_ID],
        origin: { actor, requestId, sourceAddress },
        event: sessionEvents.refused(user?.id ?? 'unknown', { outcome: 'denied', details: { reason, code, email } }),
        sourceAddresses: sourceAddress === null ? [] : [sourceAddress],
      });
    } catch (error) {
      this.#logger.error('A rejected password could not be recorded', error);
    }
  }
}
