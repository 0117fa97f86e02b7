import { defineErrors } from '#core';

export const tenantErrors = defineErrors('tenants', {
  TENANT_SUSPENDED: { kind: 'forbidden', title: 'The tenant is suspended' },
  TENANT_DELETED: { kind: 'conflict', title: 'The tenant was deleted' },
  SLUG_TAKEN: { kind: 'conflict', title: 'Another tenant has this slug' },
  CONFIRMATION_MISMATCH: { kind: 'unprocessable', title: 'The confirmation does not name the tenant' },
});

export const memberErrors = defineErrors('members', {
  LAST_OWNER: { kind: 'conflict', title: 'The last owner can be neither removed nor demoted' },
  ALREADY_MEMBER: { kind: 'conflict', title: 'The user is a member of this tenant already' },
  USER_EXISTS: { kind: 'conflict', title: 'The user exists already and keeps the own password: leave `password` out' },
  ROLE_NOT_GRANTABLE: { kind: 'forbidden', title: 'Your role does not permit granting or managing this role' },
});

export const sessionErrors = defineErrors('sessions', {
  TOO_MANY_ATTEMPTS: { kind: 'rate-limited', title: 'Too many failed attempts; wait before the next one' },
  PASSWORD_REQUIRED: { kind: 'unauthenticated', title: 'Your own password is required in this request' },
  PASSWORD_INVALID: { kind: 'forbidden', title: 'The password is not yours' },
});
