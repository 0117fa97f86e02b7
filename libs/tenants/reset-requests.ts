import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type PlatformScope, normalizeEmail, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { AccountMails } from './account-mails.js';
import { accountOf } from './accounts.js';
import { ResetRequest } from './entities.js';
import { accountErrors } from './errors.js';
import { PasswordResets } from './password-resets.service.js';

const SCOPE = platformScope(systemOrigin('password-reset-request'));

/**
 * People who lost their password request a token by e-mail. The request only stores a row, for every address alike; the
 * scheduler looks up the account later. So neither the response nor its time discloses whether the account exists.
 */
@Expires({})
@Injectable()
export class ResetRequests extends DueKind<ResetRequest> {
  constructor(
    private readonly database: Database,
    private readonly resets: PasswordResets,
    private readonly mails: AccountMails,
  ) {
    super(
      new DueItems(database, {
        kind: 'password reset request',
        scope: SCOPE,
        entity: ResetRequest,
        lists: [{ where: (now) => ({ createdAt: LessThanOrEqual(now) }), dueColumn: 'createdAt' }],
        handle: (row) => this.answer(row),
      }),
    );
  }

  /**
   * @param email of the account, in any spelling
   * @param tenant id or slug, for an account that only this tenant knows
   * @throws MAIL_NOT_CONFIGURED, whether or not the account exists
   */
  async ask(scope: PlatformScope, email: string, tenant: string | undefined): Promise<void> {
    if (!this.mails.areSent) throw accountErrors.MAIL_NOT_CONFIGURED();
    const asked = { email: normalizeEmail(email), tenant: tenant?.toLowerCase() ?? null };
    const id = createHash('sha256').update(JSON.stringify(asked)).digest('hex');
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('what was asked for is recorded where there is such an account');
      await tx.installation.insertIfAbsent(ResetRequest, { id, ...asked, createdAt: tx.now });
    });
  }

  private async answer({ id, email, tenant }: ResetRequest): Promise<void> {
    const token = await this.resets.newToken();
    await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('a request for an account that does not exist');
      // Another instance may have answered it.
      if ((await tx.installation.delete(ResetRequest, { id })) !== 1) return;
      const account = await accountOf(tx, email, tenant ?? undefined);
      if (account) await this.resets.startByHolder(tx, account.id, token);
    });
  }
}
