import { DAY, type EpochMilliseconds, type InputError, coreErrors } from '#core';

import { type Permission, permissionRow, tokenPermissions } from './permissions.js';
import type { Role } from './roles.js';

/** No API token is valid for longer. */
export const API_TOKEN_LIFETIME_MAX = 365 * DAY;

/** The lifecycle of an API token. */
export const apiTokenStates = ['active', 'revoked', 'expired'] as const;
export type ApiTokenState = (typeof apiTokenStates)[number];

export const apiTokenStateAt = (
  { expiresAt, revokedAt }: { readonly expiresAt: EpochMilliseconds; readonly revokedAt: EpochMilliseconds | null },
  now: EpochMilliseconds,
): ApiTokenState => (revokedAt !== null ? 'revoked' : expiresAt <= now ? 'expired' : 'active');

/**
 * The permissions of a new token, without duplicates.
 * @param role the role of its owner, which limits them
 * @throws VALIDATION_ERROR that lists each permission that is unknown, for people only, or not in the role
 */
export function requirePermissions(asked: readonly string[], role: Role): readonly Permission[] {
  const errors = asked.flatMap((name, index): InputError[] => {
    const pointer = `/permissions/${index}`;
    if (!tokenPermissions.includes(name as Permission)) {
      return [{ pointer, code: 'NOT_FOR_TOKENS', detail: 'no API token can hold this permission' }];
    }
    const isHeld = permissionRow(name as Permission).roles.includes(role);
    return isHeld ? [] : [{ pointer, code: 'BEYOND_ROLE', detail: `a ${role} does not hold this permission` }];
  });
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
  return [...new Set(asked)] as Permission[];
}

/** @throws VALIDATION_ERROR unless the instant is in the future and within a year */
export function requireExpiry(expiresAt: EpochMilliseconds, now: EpochMilliseconds): void {
  if (expiresAt > now && expiresAt <= now + API_TOKEN_LIFETIME_MAX) return;
  throw coreErrors.VALIDATION_ERROR({
    errors: [
      { pointer: '/expiresAt', code: 'OUT_OF_RANGE', detail: 'must be in the future, at most 365 days from now' },
    ],
  });
}
