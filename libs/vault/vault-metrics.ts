import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, defineMetrics, gauge } from '#metrics';

import { Vault } from './vault.js';

const metrics = defineMetrics({
  chancery_sealed: gauge(
    "1 while this process lacks its database's master key and serves only health and public artefacts",
  ),
});

/** Whether the vault is open. */
@Measures({ metrics })
@Injectable()
export class VaultMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly vault: Vault) {}

  measure() {
    return { chancery_sealed: Number(this.vault.sealed) };
  }
}
