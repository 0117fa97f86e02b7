import { recordedTimes } from '#audit';
import { BACKWARD_TOLERANCE, DAY, type EpochMilliseconds, MINUTE, SECOND } from '#core';
import { Between, type View } from '#database';

import { Invitation } from './entities.js';
import { invitationErrors } from './errors.js';
import { invitationEvents } from './events.js';
import { INVITATION_TTL } from './invitation.js';

/** A tenant sends an address at most one invitation in this time. */
const SAME_ADDRESS_AFTER = 5 * MINUTE;
/** Maximum number of invitations that one tenant sends by e-mail in any 24 hours. */
const MAILS_PER_DAY = 200;

const ACTIONS = [invitationEvents.created.action, invitationEvents.resent.action];

/**
 * A step before an invitation is sent by e-mail. It keeps members from flooding a mailbox, and from sending unlimited e-mail
 * through the mail server of the installation. The row of the tenant is locked, so that concurrent invitations count each other.
 * @param email normalised
 * @throws INVITATION_MAILS_TOO_FREQUENT
 */
export async function requireMailLimits(view: View, tenantId: string, email: string): Promise<void> {
  const { now } = view;
  // Each e-mail renews the validity of an invitation. A later expiry was set while the clock was ahead.
  const expiresAt = Between(now - SAME_ADDRESS_AFTER + INVITATION_TTL + 1, now + INVITATION_TTL + BACKWARD_TOLERANCE);
  const [recent] = await view.find(
    Invitation,
    { tenantId, email, sentByMail: true, expiresAt },
    { order: { expiresAt: 'DESC' }, limit: 1 },
  );
  if (recent) throw tooFrequent(recent.expiresAt - INVITATION_TTL + SAME_ADDRESS_AFTER - now);
  const times = await recordedTimes(view, { tenantId, actions: ACTIONS, after: now - DAY }, MAILS_PER_DAY);
  if (times.length === MAILS_PER_DAY) throw tooFrequent(times.at(-1)! + DAY - now);
}

const tooFrequent = (wait: EpochMilliseconds): Error =>
  invitationErrors.INVITATION_MAILS_TOO_FREQUENT({ retryAfterSeconds: Math.max(1, Math.ceil(wait / SECOND)) });
