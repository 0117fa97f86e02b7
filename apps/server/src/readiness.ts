import { Injectable } from '@nestjs/common';

import { Checkpoints } from '#audit';
import { Counters } from '#core';
import { Database } from '#database';
import { KeyStores } from '#key-stores';
import { ClockWatch } from '#scheduler';
import { Vault } from '#vault';

import { Drain } from './http/drain.js';

interface ReadinessReport {
  readonly ready: boolean;
  /** Result of each check, by name; public. */
  readonly checks: Readonly<Record<string, boolean>>;
  /** What works with less than is configured, by name, while requests are served. */
  readonly degraded: readonly string[];
}

/** Ready: the vault is open, the database answers, and the server is not about to stop. */
@Injectable()
export class Readiness {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly counters: Counters,
    private readonly clockWatch: ClockWatch,
    private readonly keyStores: KeyStores,
    private readonly checkpoints: Checkpoints,
    private readonly drain: Drain,
  ) {}

  async check(): Promise<ReadinessReport> {
    const checks = {
      accepting: !this.drain.begun,
      database: await this.database.answers(),
      writable: await this.database.isWritable(),
      unsealed: !this.vault.sealed,
    };
    const degraded = [
      ...(this.counters.shared === false ? ['sharedRateLimits'] : []),
      ...(this.clockWatch.paused ? ['scheduler'] : []),
      ...(this.keyStores.isDegraded ? ['keyStores'] : []),
      ...(this.checkpoints.isDegraded ? ['history'] : []),
    ];
    return { ready: Object.values(checks).every(Boolean), checks, degraded };
  }
}
