import { isIP } from 'node:net';
import type { GeneralName, ReadAttribute } from '../x509/names.js';
import { isDomainWithin } from './name-constraints.js';
import type { NamePolicy } from './rule.js';

/** The names of a certificate, requested or already certified. */
export interface CertificateNames {
  readonly subject: readonly Pick<ReadAttribute, 'type' | 'value'>[];
  readonly subjectAlternativeNames: readonly GeneralName[];
}

/**
 * The DNS names that neither the policy's own domains nor, where it has none, the tenant's settings permit: alternative
 * names, and a common name that a verifier can take for a host (RFC 6125 §6.4.4).
 */
export function dnsNamesOutside(
  { subject, subjectAlternativeNames }: CertificateNames,
  policy: NamePolicy,
  allowedDnsNames: readonly string[],
): string[] {
  const { domains } = policy;
  const isPermitted = (name: string): boolean =>
    domains ? domains.some((domain) => isDomainWithin(name, domain)) : isAllowed(name, allowedDnsNames);
  const commonNames = subject
    .filter(({ type, value }) => type === 'commonName' && isHost(value, policy))
    .map(({ value }) => value);
  const alternativeNames = subjectAlternativeNames.filter(({ kind }) => kind === 'dns').map(({ value }) => value);
  return [...new Set([...commonNames, ...alternativeNames])].filter((name) => !isPermitted(name));
}

/** `*.acme.example` permits every name below the domain and not the domain itself; any other pattern is one name. */
function isAllowed(name: string, patterns: readonly string[]): boolean {
  const lowerName = name.toLowerCase();
  return patterns.some((pattern) => {
    const lowerPattern = pattern.toLowerCase();
    return lowerPattern.startsWith('*.') ? lowerName.endsWith(lowerPattern.slice(1)) : lowerName === lowerPattern;
  });
}

/**
 * Wider than RFC 1123, because verifiers are: any visible text with a dot and without blanks, and `localhost`
 * (RFC 6761 §6.3). An address is a name of its own kind, for policies that certify these.
 */
function isHost(commonName: string, { sanKinds }: NamePolicy): boolean {
  if (isIP(commonName) !== 0) return !sanKinds.includes('ip');
  return (
    /^[^\p{Z}\p{C}@/]+$/u.test(commonName) && (commonName.includes('.') || commonName.toLowerCase() === 'localhost')
  );
}
