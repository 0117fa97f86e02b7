import { defineErrors } from '#core';

export const tenantErrors = defineErrors('tenants', {
  TENANT_SUSPENDED: { kind: 'forbidden', title: 'The tenant is suspended' },
  SLUG_TAKEN: { kind: 'conflict', title: 'The slug is already in use' },
  CONFIRMATION_MISMATCH: { kind: 'unprocessable', title: 'The confirmation does not match the slug of the tenant' },
});

export const memberErrors = defineErrors('members', {
  LAST_OWNER: { kind: 'conflict', title: 'The last owner can be neither removed nor demoted' },
  ALREADY_MEMBER: { kind: 'conflict', title: 'The user is already a member of this tenant' },
  USER_EXISTS: { kind: 'conflict', title: 'The user already exists; omit `password` (it is not changed)' },
  ROLE_NOT_GRANTABLE: { kind: 'forbidden', title: 'Your role does not permit granting or managing this role' },
});

export const sessionErrors = defineErrors('sessions', {
  TOO_MANY_ATTEMPTS: { kind: 'rate-limited', title: 'Too many failed attempts; wait before the next one' },
  PASSWORD_REQUIRED: { kind: 'unauthenticated', title: 'Your password is required' },
  PASSWORD_INVALID: { kind: 'forbidden', title: 'The password is wrong' },
});
