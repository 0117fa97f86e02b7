import { recordedTimes } from '#audit';
import { BACKWARD_TOLERANCE, DAY, type EpochMilliseconds, MINUTE, SECOND } from '#core';
import { Between, type View } from '#database';

import { Invitation } from './entities.js';
import { invitationErrors } from './errors.js';
import { invitationEvents } from './events.js';
import { INVITATION_TTL } from './invitation.js';

/** An address gets one invitation of a tenant by e-mail within this time. */
const SAME_ADDRESS_AFTER = 5 * MINUTE;
/** Invitations that one tenant creates and resends in any 24 hours, where they are sent by e-mail. */
const MAILS_PER_DAY = 200;

const ACTIONS = [invitationEvents.created.action, invitationEvents.resent.action];

/**
 * A step before an invitation is sent by e-mail: a member who may invite must not fill the mailbox of a stranger, nor send to
 * strangers without end by the mail server of the installation. The row of the tenant is locked, so that each counts the others.
 * @param email normalised
 * @throws INVITATION_MAILS_TOO_FREQUENT
 */
export async function requireMailLimits(view: View, tenantId: string, email: string): Promise<void> {
  const { now } = view;
  // An invitation is valid for the same time from each e-mail on. One further away was sent while the clock was ahead.
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
