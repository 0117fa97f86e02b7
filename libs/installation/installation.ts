import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

import { Restorations } from '#backup';
import { CONFIGURATION } from '#config';
import { GuardedClock } from '#core';
import { Database, databaseTlsWarning } from '#database';
import { LOGGER, type Logger, describeError } from '#logging';
import { ClockWatch } from '#scheduler';
import { type OnUnsealed, Vault, hasOnUnsealed, isBlobUnreadable } from '#vault';

import type { Configuration } from './configuration.js';
import { readMasterKeys } from './master-keys.js';

/** What a process works on: a database at the newest schema, and a vault that is open, or says that it is not. */
@Injectable()
export class Installation {
  constructor(
    readonly database: Database,
    readonly vault: Vault,
    readonly clock: GuardedClock,
    readonly clockWatch: ClockWatch,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly discovery: DiscoveryService,
    private readonly restorations: Restorations,
  ) {}

  /**
   * Proves the master key, and only then brings the schema up to date: under a wrong key nothing is written. A new
   * database gets its schema first and, where none is configured, a master key file. Then every library loads its secrets, and
   * does what follows from a restoration that it does not know yet.
   */
  async open(): Promise<void> {
    const { configuration, database, logger, vault } = this;
    const warning = databaseTlsWarning(configuration);
    if (warning !== undefined) logger.warn(warning);
    const isNew = !(await vault.isInitialised());
    const masterKeys = await readMasterKeys(configuration, isNew);
    if (isNew) await database.migrate();
    if (!(await vault.unseal(masterKeys))) {
      logger.error('The master key is missing or does not open this database: the server is sealed');
    } else if (!isNew) {
      await database.migrate();
    }
    if (vault.sealed) return;
    await this.clockWatch.start();
    // A provider that has two names is one.
    const providers = new Set<unknown>(this.discovery.getProviders().map(({ instance }): unknown => instance));
    for (const provider of providers) if (hasOnUnsealed(provider)) await this.load(provider);
    await this.restorations.completePending();
  }

  /** One secret whose row was altered ends what depends on it, and nothing else: `SEALED` is answered there. */
  private async load(provider: OnUnsealed): Promise<void> {
    try {
      await provider.onUnsealed();
    } catch (error) {
      if (!isBlobUnreadable(error)) throw error;
      const fields = { provider: provider.constructor.name, error: describeError(error) };
      this.logger.error(
        fields,
        'A secret of the installation was altered: restore its row from a backup, and start again',
      );
    }
  }
}
