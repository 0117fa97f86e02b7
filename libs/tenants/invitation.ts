import { DAY, type EpochMilliseconds, defineLifecycle } from '#core';

import { invitationEvents } from './events.js';
import type { Role } from './roles.js';

/** For how long an invitation can be accepted. */
export const INVITATION_TTL = 7 * DAY;

const invitationStates = ['pending', 'accepted', 'withdrawn', 'expired'] as const;
export type InvitationState = (typeof invitationStates)[number];

interface InvitationTiming {
  readonly expiresAt: EpochMilliseconds;
}

/** The columns of an invitation that its events name. */
interface InvitationColumns {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly role: Role;
}

/** The lifecycle of an invitation. */
export const invitationLifecycle = defineLifecycle({
  noun: 'invitation',
  states: invitationStates,
  initial: ['pending'],
  live: ['pending'],
  about: ({ id, tenantId, email, role }: InvitationColumns) => ({ targetId: id, tenantId, details: { email, role } }),
  events: {
    accept: { from: ['pending'], to: 'accepted', done: 'accepted', records: invitationEvents.accepted },
    withdraw: { from: ['pending'], to: 'withdrawn', done: 'withdrawn', records: invitationEvents.withdrawn },
    expire: {
      from: ['pending'],
      to: 'expired',
      done: 'expired',
      records: invitationEvents.expired,
      dueAt: ({ expiresAt }: InvitationTiming) => expiresAt,
      irreversible: true,
    },
  },
});

/** The effective state at an instant, whether or not the scheduler has recorded the expiry. */
export const invitationStateAt = (
  invitation: InvitationTiming & { readonly state: InvitationState },
  now: EpochMilliseconds,
): InvitationState => invitationLifecycle.stateAt(invitation, now);
