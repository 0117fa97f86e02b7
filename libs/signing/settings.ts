import { listOf, setting, urlOf, wholeNumber } from '#config';

/** The URLs from which keys may be read. */
export const jwksUrlSettings = {
  jwksUrls: setting({
    variable: 'CHANCERY_JWKS_URLS',
    fallback: '',
    parse: listOf(urlOf('https:', 'http:')),
    description:
      'Comma-separated URLs from which the keys of trusted OpenID Connect issuers may be read. None by default: ' +
      'token profiles must then contain the keys.',
  }),
} as const;

/** With two series for each tenant, the metrics stay below their limit. */
const NAMED_TENANTS_MAX = 900;

/** Metrics of single tenants. */
export const tenantMetricSettings = {
  metricsTenants: setting({
    variable: 'CHANCERY_METRICS_TENANTS',
    fallback: '0',
    parse: wholeNumber(0, NAMED_TENANTS_MAX),
    description:
      'Number of tenants that `GET /metrics` names by id, in the label `tenant` of the metrics ' +
      '`chancery_tenant_*`: the first that a process meets. All others are `other`. With 0, these metrics have ' +
      'no values.',
  }),
} as const;
