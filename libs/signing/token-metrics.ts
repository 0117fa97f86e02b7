import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION, type SettingValues } from '#config';
import { DomainError } from '#core';
import { BoundedLabel, Counter, type MetricSource, Measures, counter, defineMetrics } from '#metrics';

import type { tenantMetricSettings } from './settings.js';
import type { Verdict } from './token-format.js';

const metrics = defineMetrics({
  chancery_tokens_signed_total: counter('Signed tokens, by format and algorithm', 'format', 'algorithm'),
  chancery_signing_refusals_total: counter('Rejected token requests, by error code', 'code'),
  chancery_tokens_verified_total: counter(
    'Verified tokens, by format, algorithm and result',
    'format',
    'algorithm',
    'code',
  ),
  chancery_tenant_tokens_signed_total: counter(
    'Signed tokens, by tenant; absent unless tenants are named (`CHANCERY_METRICS_TENANTS`)',
    'tenant',
  ),
  chancery_tenant_signing_refusals_total: counter(
    'Rejected token requests, by tenant; absent unless tenants are named',
    'tenant',
  ),
  chancery_tenant_tokens_verified_total: counter(
    'Verified tokens, by tenant and outcome: accepted or rejected; absent unless tenants are named',
    'tenant',
    'outcome',
  ),
});

/** What was signed and verified. */
@Measures({ metrics })
@Injectable()
export class TokenMetrics implements MetricSource<typeof metrics> {
  readonly #signed = new Counter();
  readonly #refused = new Counter();
  readonly #verified = new Counter();
  readonly #signedOf = new Counter();
  readonly #refusedOf = new Counter();
  readonly #verifiedOf = new Counter();
  readonly #tenants: BoundedLabel;

  constructor(@Inject(CONFIGURATION) { metricsTenants }: SettingValues<typeof tenantMetricSettings>) {
    this.#tenants = new BoundedLabel(metricsTenants);
  }

  signed(tenantId: string, { format, algorithm }: { readonly format: string; readonly algorithm: string }): void {
    this.#signed.increment(format, algorithm);
    const tenant = this.#tenants.of(tenantId);
    if (tenant !== undefined) this.#signedOf.increment(tenant);
  }

  refused(tenantId: string, error: unknown): void {
    this.#refused.increment(error instanceof DomainError ? error.code : 'INTERNAL_ERROR');
    const tenant = this.#tenants.of(tenantId);
    if (tenant !== undefined) this.#refusedOf.increment(tenant);
  }

  verified(tenantId: string, format: string, algorithm: string, { code }: Verdict): void {
    this.#verified.increment(format, algorithm, code);
    const tenant = this.#tenants.of(tenantId);
    if (tenant !== undefined) this.#verifiedOf.increment(tenant, code === 'OK' ? 'accepted' : 'rejected');
  }

  measure() {
    return {
      chancery_tokens_signed_total: this.#signed,
      chancery_signing_refusals_total: this.#refused,
      chancery_tokens_verified_total: this.#verified,
      chancery_tenant_tokens_signed_total: this.#signedOf,
      chancery_tenant_signing_refusals_total: this.#refusedOf,
      chancery_tenant_tokens_verified_total: this.#verifiedOf,
    };
  }
}
