import { type EpochMilliseconds, HOUR } from '#core';
import { In, IsNull, LessThanOrEqual, type Tx, type View } from '#database';
import { lockTenant, tenantSettingsOf } from '#tenants';

import { KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { destroyableSince, publishedStates } from './lifecycle.js';

/**
 * Whether the tenant may have one more version. Versions of deleted keys count until they are destroyed, because they
 * can be restored until then.
 */
export async function hasRoomForVersion(view: View): Promise<boolean> {
  const { keyVersions } = await tenantSettingsOf(view);
  const stored = await view.count(KeyVersion, { state: In([...publishedStates]) });
  return stored < keyVersions || stored - (await countEnded(view)) < keyVersions;
}

/** Checks the quota before a key is generated or read. @throws KEY_LIMIT_REACHED */
export async function requireRoomForVersion(view: View): Promise<void> {
  if (!(await hasRoomForVersion(view))) throw keyErrors.KEY_LIMIT_REACHED();
}

/**
 * A step, before a version is added. Locks the tenant, so that only one of two transactions can add the last permitted
 * version.
 * @throws KEY_LIMIT_REACHED
 */
export async function reserveVersion(tx: Tx): Promise<void> {
  await lockTenant(tx);
  await requireRoomForVersion(tx);
}

/** Versions whose last token has expired, before the scheduler destroys them (see `versionStateAt`). */
async function countEnded(view: View): Promise<number> {
  const before = LessThanOrEqual(destroyableSince(view.now));
  const ended = (end: object) => [
    { ...end, lastTokenExpiresAt: IsNull() },
    { ...end, lastTokenExpiresAt: before },
  ];
  const waiting = ['pending', 'active'] as const;
  return view.count(KeyVersion, [
    ...ended({ state: 'retired', retiredAt: before }),
    ...ended({ state: In([...waiting]), retiresAt: before }),
  ]);
}

const ROTATION_RETRY = HOUR;

/** A scheduled rotation that the quota rejected is retried after this time. */
export const rotationRetryAt = (now: EpochMilliseconds): EpochMilliseconds => now + ROTATION_RETRY;
