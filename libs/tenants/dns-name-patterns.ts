import { isDnsName } from '#core';

const SUFFIX = '*.';

/**
 * Whether the text is a DNS name (`api.acme.example`, `localhost`), or `*.` and a domain of at least two labels, which
 * means every name below that domain (`*.acme.example`). Addresses, `*` and `*.example` are not accepted.
 */
export function isDnsNamePattern(text: string): boolean {
  if (!text.startsWith(SUFFIX)) return isDnsName(text);
  const domain = text.slice(SUFFIX.length);
  return isDnsName(domain) && domain.includes('.');
}
