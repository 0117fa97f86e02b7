import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

import { SECOND, type TimeSource, systemClock } from '#core';

const LINUX_BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * The clocks of the host that this process runs on. The uptime counts the time in which the host slept, which the
 * monotonic clock of the process does not: a host that wakes up has a clock that is right and not one that has jumped.
 */
export const hostTime = (): TimeSource => ({
  now: systemClock.now,
  uptime: () => Math.round(uptime() * SECOND),
  bootId: bootId(),
});

function bootId(): string | undefined {
  try {
    return readFileSync(LINUX_BOOT_ID, 'utf8').trim();
  } catch {
    // Another operating system: an uptime is then never compared with that of an earlier process.
    return undefined;
  }
}
