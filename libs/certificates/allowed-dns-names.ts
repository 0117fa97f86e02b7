import type { View } from '#database';
import { activeServiceName } from '#service-keys';
import { slugAndSettingsOf } from '#tenants';

/** Reserved for private use by ICANN (board resolution 2024.07.29.06): it has no public names. */
const PRIVATE_SUFFIX = 'internal';
const LABEL_LENGTH_MAX = 63;

/**
 * A step: the patterns of permitted DNS names in certificates of the tenant, for authorities without domains of their own:
 * those of the tenant's settings, or else names under `<slug>.internal`.
 * @param serviceId the service that the certificate belongs to
 * @throws NOT_FOUND if the service does not exist or was deleted
 */
export async function allowedDnsNames(view: View, serviceId: string | null): Promise<readonly string[]> {
  const serviceName = serviceId === null ? undefined : await activeServiceName(view, serviceId);
  const { slug, settings } = await slugAndSettingsOf(view);
  const { allowedDnsNames: configured } = settings;
  return configured.length > 0 ? configured : internalDnsNames(slug, serviceName);
}

/** Names of a service under a private suffix, or, without a service, all names of the tenant. */
export function internalDnsNames(tenantSlug: string, serviceName?: string): string[] {
  const domain = `${tenantSlug}.${PRIVATE_SUFFIX}`;
  if (serviceName === undefined) return [`*.${domain}`];
  const label = dnsLabel(serviceName);
  return label === '' ? [] : [`${label}.${domain}`, `*.${label}.${domain}`];
}

/** `Billing (EU)` is `billing-eu`; empty if the name has no character that a label may contain (RFC 1123 §2.1). */
const dnsLabel = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, LABEL_LENGTH_MAX)
    .replace(/-$/, '');
