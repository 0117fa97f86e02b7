import { defineErrors } from '#core';

export const tenantErrors = defineErrors('tenants', {
  TENANT_SUSPENDED: { kind: 'forbidden', title: 'The tenant is suspended' },
  SLUG_TAKEN: { kind: 'conflict', title: 'The slug is already in use' },
  TENANT_HAS_OWNER: { kind: 'conflict', title: 'The tenant already has an owner, who can invite more members' },
  CONFIRMATION_MISMATCH: { kind: 'unprocessable', title: 'The confirmation does not match the slug of the tenant' },
});

export const memberErrors = defineErrors('members', {
  LAST_OWNER: { kind: 'conflict', title: 'The last owner cannot be removed or demoted' },
  ALREADY_MEMBER: { kind: 'conflict', title: 'The user is already a member of this tenant' },
  ROLE_NOT_GRANTABLE: { kind: 'forbidden', title: 'Your role does not permit granting or managing this role' },
});

export const invitationErrors = defineErrors('invitations', {
  INVITATION_INVALID: { kind: 'gone', title: 'The invitation is unknown, used, withdrawn or expired' },
  INVITATION_NOT_YOURS: { kind: 'forbidden', title: 'The invitation is for a different account' },
  INVITATION_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many pending invitations' },
  INVITATION_MAILS_TOO_FREQUENT: {
    kind: 'rate-limited',
    title: 'Too many invitation e-mails to this address or from this tenant; try again later',
  },
});

export const accountErrors = defineErrors('accounts', {
  ACCOUNT_EXISTS: {
    kind: 'conflict',
    title: 'An account with this address already exists in the tenant: sign in, then accept',
  },
  ACCOUNT_NOT_OF_TENANT: {
    kind: 'forbidden',
    title: 'The account is not limited to this tenant: ask the platform administrator for a reset',
  },
  USER_EXISTS: { kind: 'conflict', title: 'A verified account with this address already exists: invite it' },
  ADDRESS_VERIFIED: { kind: 'conflict', title: "The account's address is already verified" },
  ADDRESS_TAKEN: { kind: 'conflict', title: 'A different verified account has this address' },
  MAIL_NOT_CONFIGURED: {
    kind: 'conflict',
    title: 'This installation sends no e-mail: ask an owner or the platform administrator for a reset',
  },
  RESET_INVALID: { kind: 'gone', title: 'The reset is unknown, used, replaced or expired' },
});

export const apiTokenErrors = defineErrors('api-tokens', {
  API_TOKEN_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many API tokens; revoke one first' },
  API_TOKEN_ADDRESS_NOT_ALLOWED: { kind: 'forbidden', title: 'The API token may not be used from this address' },
  SERVICE_ACCOUNT_NAME_TAKEN: { kind: 'conflict', title: 'The service account name is already in use' },
  SERVICE_ACCOUNT_LIMIT_REACHED: { kind: 'conflict', title: 'The tenant has too many service accounts' },
});

export const sessionErrors = defineErrors('sessions', {
  TOO_MANY_ATTEMPTS: { kind: 'rate-limited', title: 'Too many failed attempts; try again later' },
  PASSWORD_REQUIRED: { kind: 'unauthenticated', title: 'Your password is required' },
  PASSWORD_INVALID: { kind: 'forbidden', title: 'The password is wrong' },
  PASSWORD_SIGN_IN_OFF: {
    kind: 'forbidden',
    title: 'This installation accepts sign-ins only through identity providers',
  },
  COMPANY_SIGN_IN_REQUIRED: {
    kind: 'forbidden',
    title: 'The tenant accepts only sessions that began at an identity provider: sign in there',
  },
  COMPANY_SIGN_IN_UNPROVEN: {
    kind: 'conflict',
    title: 'Sign in through an identity provider before you disable passwords; this proves that it works',
  },
  MEMBERS_WITHOUT_COMPANY_SIGN_IN: {
    kind: 'conflict',
    title: 'Some members would be locked out: passwords are disabled and no identity provider signs them in',
  },
  STEP_UP_INVALID: { kind: 'unauthenticated', title: 'The step-up has expired or belongs to a different session' },
});
