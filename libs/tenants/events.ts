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
  resent: 'A new token was created for an invitation; the previous one is no longer accepted',
  repeated: "An invitation's token was shown again to a repetition of the request that created it",
  accepted: 'A person accepted an invitation and became a member',
  withdrawn: 'An invitation was withdrawn, or replaced by a new one for the same address',
  expired: 'An invitation expired',
});

export const userEvents = defineEvents('user', {
  created: 'A user account was created',
  reset_started: "A link was created with which an account's holder can choose a new password",
  reset_repeated: 'A password reset link was shown again to a repetition of the request that created it',
  password_reset: "A new password was set through a reset link or on the host's command line; all sessions ended",
  verified: "An account's address was verified: the account can join every tenant that invites it",
  password_changed: 'A user changed their password; all other sessions ended',
});

export const apiTokenEvents = defineEvents('api_token', {
  created: 'An API token was created for a member or a service account',
  repeated: 'An API token was shown again to a repetition of the request that created it',
  revoked: 'An API token was revoked',
  use_refused:
    'The use of an API token was rejected: it is revoked or expired, has no owner, is not allowed from this address, or has too many permissions for a URL; recorded immediately the first time, then once a minute with the number of uses',
});

export const serviceAccountEvents = defineEvents('service_account', {
  created: 'A service account was created',
  deleted: 'A service account was deleted: its API tokens are rejected',
});

export const sessionEvents = defineEvents('session', {
  started: 'A user logged in',
  refused:
    'A sign-in, a password confirmation or a second factor was rejected; recorded immediately the first time, then once a minute with the number of attempts',
  ended: 'A user logged out, or ended one of their sessions',
  ended_by_member: 'A member ended all sessions of another member',
  factor_asked: 'A user entered the correct password; a second factor was requested',
  stepped_up: 'A user authenticated again with the password or a second factor, for an action that requires it',
  reused: 'A refresh token was used twice and so must have been stolen: the session ended',
});
