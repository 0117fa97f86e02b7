import { Injectable } from '@nestjs/common';

import { Database } from '#database';
import { ClockWatch } from '#scheduler';
import { Vault } from '#vault';

import { Drain } from './http/drain.js';
import { Counters } from './http/window-counters.js';
import { Readiness, type ReadinessReport } from './http/health.controller.js';

/** Ready: the vault is open, the database answers, and the server is not about to stop. */
@Injectable()
export class InstallationReadiness extends Readiness {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly counters: Counters,
    private readonly clockWatch: ClockWatch,
    private readonly drain: Drain,
  ) {
    super();
  }

  override async check(): Promise<ReadinessReport> {
    const checks = {
      accepting: !this.drain.begun,
      database: await this.database.answers(),
      writable: await this.database.isWritable(),
      unsealed: !this.vault.sealed,
    };
    const degraded = [
      ...(this.counters.shared === false ? ['sharedRateLimits'] : []),
      ...(this.clockWatch.paused ? ['scheduler'] : []),
    ];
    return { ready: Object.values(checks).every(Boolean), checks, degraded };
  }
}
