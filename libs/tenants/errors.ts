import { defineErrors } from '#core';

export const tenantErrors = defineErrors('tenants', {
  TENANT_SUSPENDED: { kind: 'forbidden', title: 'The tenant is suspended' },
  SLUG_TAKEN: { kind: 'conflict', title: 'The slug is already in use' },
  TENANT_HAS_OWNER: { kind: 'conflict', title: 'The tenant has an owner, who invites further members' },
  CONFIRMATION_MISMATCH: { kind: 'unprocessable', title: 'The confirmation does not match the slug of the tenant' },
});

export const memberErrors = defineErrors('members', {
  LAST_OWNER: { kind: 'conflict', title: 'The last owner can be neither removed nor demoted' },
  ALREADY_MEMBER: { kind: 'conflict', title: 'The user is already a member of this tenant' },
  ROLE_NOT_GRANTABLE: { kind: 'forbidden', title: 'Your role does not permit granting or managing this role' },
});

export const invitationErrors = defineErrors('invitations', {
  INVITATION_INVALID: { kind: 'gone', title: 'The invitation is unknown, used, withdrawn or expired' },
  INVITATION_NOT_YOURS: { kind: 'forbidden', title: 'The invitation is for another account than yours' },
  INVITATION_LIMIT_REACHED: { kind: 'conflict', title: 'Too many invitations of the tenant are pending' },
  INVITATION_MAILS_TOO_FREQUENT: {
    kind: 'rate-limited',
    title: 'Too many invitations are sent by e-mail to the address, or by the tenant; wait before the next one',
  },
});

export const accountErrors = defineErrors('accounts', {
  ACCOUNT_EXISTS: {
    kind: 'conflict',
    title: 'There is an account with this address in the tenant: sign in, then accept',
  },
  ACCOUNT_NOT_OF_TENANT: {
    kind: 'forbidden',
    title: 'The account is known beyond this tenant: the platform administrator starts its reset',
  },
  USER_EXISTS: { kind: 'conflict', title: 'There is a verified account with this address: invite it' },
  ADDRESS_VERIFIED: { kind: 'conflict', title: 'The address of the account is verified already' },
  ADDRESS_TAKEN: { kind: 'conflict', title: 'The address is that of another, verified account' },
  MAIL_NOT_CONFIGURED: {
    kind: 'conflict',
    title: 'This installation sends no e-mail: an owner or the platform administrator starts the reset',
  },
  RESET_INVALID: { kind: 'gone', title: 'The reset is unknown, used, replaced or expired' },
});

export const apiTokenErrors = defineErrors('api-tokens', {
  API_TOKEN_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many API tokens; revoke some' },
  API_TOKEN_ADDRESS_NOT_ALLOWED: { kind: 'forbidden', title: 'The API token may not be used from this address' },
  SERVICE_ACCOUNT_NAME_TAKEN: { kind: 'conflict', title: 'A service account has this name already' },
  SERVICE_ACCOUNT_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many service accounts' },
});

export const sessionErrors = defineErrors('sessions', {
  TOO_MANY_ATTEMPTS: { kind: 'rate-limited', title: 'Too many failed attempts; wait before the next one' },
  PASSWORD_REQUIRED: { kind: 'unauthenticated', title: 'Your password is required' },
  PASSWORD_INVALID: { kind: 'forbidden', title: 'The password is wrong' },
  PASSWORD_SIGN_IN_OFF: { kind: 'forbidden', title: 'This installation accepts sign-ins by identity providers only' },
  COMPANY_SIGN_IN_REQUIRED: {
    kind: 'forbidden',
    title: 'The tenant accepts sessions that began by an identity provider only: sign in by one',
  },
  COMPANY_SIGN_IN_UNPROVEN: {
    kind: 'conflict',
    title: 'Passwords can be excluded by a session that began by an identity provider, so that one is known to work',
  },
  MEMBERS_WITHOUT_COMPANY_SIGN_IN: {
    kind: 'conflict',
    title: 'Members could not work any more: no identity provider signs them in, and passwords are excluded',
  },
  STEP_UP_INVALID: { kind: 'unauthenticated', title: 'The step-up has expired, or belongs to another session' },
});
