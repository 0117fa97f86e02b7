import { isIP } from 'node:net';

/** RFC 1123 §2.1: labels of letters, digits and inner hyphens, 1 to 63 characters each, 253 in all. */
const DNS_NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const SUFFIX = '*.';

/**
 * Whether the text is a DNS name (`api.acme.example`, `localhost`), or `*.` and a domain of at least two labels, which
 * means every name below that domain (`*.acme.example`). Addresses, `*` and `*.example` are none of these.
 */
export function isDnsNamePattern(text: string): boolean {
  if (!text.startsWith(SUFFIX)) return DNS_NAME.test(text) && isIP(text) === 0;
  const domain = text.slice(SUFFIX.length);
  return DNS_NAME.test(domain) && domain.includes('.') && isIP(domain) === 0;
}
