import { DAY, type EpochMilliseconds, defineLifecycle } from '#core';

/** For how long an invitation can be accepted. */
export const INVITATION_TTL = 7 * DAY;

/** What becomes of an invitation. */
export const invitationLifecycle = defineLifecycle({
  noun: 'invitation',
  states: ['pending', 'accepted', 'withdrawn', 'expired'],
  initial: ['pending'],
  events: {
    accept: [['pending'], 'accepted'],
    withdraw: [['pending'], 'withdrawn'],
    expire: [['pending'], 'expired'],
  },
});

export type InvitationState = (typeof invitationLifecycle.states)[number];

/** The state that counts at an instant, whether or not the scheduler has recorded the expiry. */
export const invitationStateAt = (
  { state, expiresAt }: { readonly state: InvitationState; readonly expiresAt: EpochMilliseconds },
  now: EpochMilliseconds,
): InvitationState => (state === 'pending' && expiresAt <= now ? 'expired' : state);
