import { Injectable, Logger } from '@nestjs/common';

import { RepeatedEvents } from '#audit';
import { DomainError, type ErrorFactory, INSTALLATION_ID, type PlatformScope } from '#core';
import { Database } from '#database';

import type { User } from './entities.js';
import { sessionErrors } from './errors.js';
import { sessionEvents } from './events.js';
import { networkOf } from './source-address.js';
import { historiesOfUser } from './user-histories.js';

/** A rejected password. */
interface RefusedPassword {
  /** `undefined` if no user has the address. */
  readonly user: Pick<User, 'id'> | undefined;
  /** The normalised address that was tried. */
  readonly email: string;
  readonly reason: 'log-in' | 'password confirmation' | 'second factor';
  /** The code of the response. */
  readonly code: string;
}

/** Whether a password or second factor was wrong (`wrong`), or there had been too many wrong ones before. */
export const isRefusedPassword = (error: unknown, wrong: ErrorFactory): error is DomainError =>
  error instanceof DomainError && [wrong.code, sessionErrors.TOO_MANY_ATTEMPTS.code].includes(error.code);

/**
 * Records rejected log-ins, password confirmations and second factors: those of a user also in the tenants of the user; those
 * of unknown addresses only in the installation's history, as one count for each network.
 */
@Injectable()
export class RefusedPasswords {
  readonly #logger = new Logger(RefusedPasswords.name);

  constructor(
    private readonly database: Database,
    private readonly events: RepeatedEvents,
  ) {}

  /** Never throws: the request is rejected even if the record fails. */
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
