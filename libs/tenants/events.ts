import { defineEvents } from '#core';

export const tenantEvents = defineEvents('tenant', {
  created: 'A tenant was created, with its first owner and its data key',
  changed: "A tenant's name or settings were changed",
  suspended: 'A tenant was suspended: requests of its members and services are rejected',
  reactivated: 'A suspended tenant was reactivated',
  deleted: 'A tenant was deleted: its data key is destroyed, its history stays',
});

export const memberEvents = defineEvents('member', {
  added: 'A user became a member',
  changed: "A member's role was changed",
  removed: 'A member was removed',
});

export const invitationEvents = defineEvents('invitation', {
  created: 'A person was invited as a member',
  resent: 'A new token was made for an invitation; the former one is not accepted any more',
  repeated: 'The token of an invitation was shown again to the request that made it, by its idempotency key',
  accepted: 'A person accepted an invitation and became a member',
  withdrawn: 'An invitation was withdrawn, or replaced by a new one for the same address',
  expired: 'An invitation expired',
});

export const userEvents = defineEvents('user', {
  created: 'A user account was created',
  reset_started: 'A link was made by which the holder of an account chooses a new password',
  reset_repeated: 'Such a link was shown again to the request that made it, by its idempotency key',
  password_reset: 'A new password was chosen by such a link, or on the command line of the host; all sessions ended',
  verified: 'The address of an account was verified: it may be a member of every tenant that invites it',
  password_changed: 'A user changed their password; all other sessions ended',
});

export const apiTokenEvents = defineEvents('api_token', {
  created: 'An API token was created for a member or a service account',
  repeated: 'An API token was shown again to the request that created it, by its idempotency key',
  revoked: 'An API token was revoked',
  use_refused:
    'An API token that is revoked or expired, has no owner any more, is not allowed from this address, or holds too much for a URL, was used; recorded at the first use, then once a minute with the number of uses',
});

export const serviceAccountEvents = defineEvents('service_account', {
  created: 'A service account was created',
  deleted: 'A service account was deleted: its API tokens are rejected',
});

export const sessionEvents = defineEvents('session', {
  started: 'A user logged in',
  refused:
    'A sign-in, a password confirmation or a second factor was rejected; recorded at the first attempt, then once a minute with the number of attempts',
  ended: 'A user logged out, or ended one of their sessions',
  ended_by_member: 'A member who manages another one ended all sessions of that user',
  factor_asked: 'The password of a sign-in was right; a second factor was asked for',
  stepped_up: 'A user proved again who they are, by the password or a second factor, for what asks for it',
  reused: 'A refresh token came a second time: the session ended, because one of the two who used it stole it',
});
