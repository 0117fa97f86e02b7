import { EXTENDED_KEY_USAGES, OID } from '#asn1';
import { type PolicyRule, objectIf } from './rule.js';

/** Extensions that a request may mark as critical, because the profile decides them anyway. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAlternativeName,
  OID.subjectKeyIdentifier,
]);

const usageNames = new Map<string, string>(Object.entries(EXTENDED_KEY_USAGES).map(([name, oid]) => [oid, name]));

const extensionRule = (
  code: string,
  title: string,
  citation: string,
  objections: PolicyRule['objections'],
): PolicyRule => ({ code, title, citation, category: 'POLICY_VIOLATION', objections });

/** No extension of a request is copied; but who asks for what they cannot have is told so instead of being ignored. */
export const extensionRules: readonly PolicyRule[] = [
  extensionRule('CSR_CA_REQUESTED', 'The request asks for CA:TRUE', 'RFC 5280 §4.2.1.9', ({ request }) =>
    objectIf(request.requestsAuthority, 'A certificate from a request is never that of an authority'),
  ),
  extensionRule(
    'CSR_KEY_USAGE_NOT_ALLOWED',
    'The request asks for a key usage of authorities',
    'RFC 5280 §4.2.1.3',
    ({ request }) =>
      request.requestedKeyUsage
        .filter((usage) => usage === 'keyCertSign' || usage === 'cRLSign')
        .map((usage) => `The key usage ${usage} is for authorities`),
  ),
  extensionRule(
    'CSR_EXTENDED_KEY_USAGE_NOT_ALLOWED',
    'The request asks for an extended key usage that the profile does not give',
    'RFC 5280 §4.2.1.12',
    ({ request, extendedKeyUsage }) => {
      const given = new Set<string>(extendedKeyUsage.map((usage) => EXTENDED_KEY_USAGES[usage]));
      return request.requestedExtendedKeyUsage
        .filter((oid) => !given.has(oid))
        .map(
          (oid) =>
            `The extended key usage ${usageNames.get(oid) ?? oid} is not among those of the authority's profile (extendedKeyUsage)`,
        );
    },
  ),
  extensionRule(
    'CSR_CRITICAL_EXTENSION_UNKNOWN',
    'The request has a critical extension that is not understood',
    'RFC 5280 §4.2',
    ({ request }) =>
      request.requestedExtensions
        .filter(({ oid, critical }) => critical && !UNDERSTOOD.has(oid))
        .map(({ oid }) => `The extension ${oid} is critical and not understood`),
  ),
  extensionRule('CSR_EXTENSION_REPEATED', 'The request has an extension twice', 'RFC 5280 §4.2', ({ request }) =>
    [...new Set(request.requestedExtensions.map(({ oid }) => oid))]
      .filter((oid) => request.requestedExtensions.filter((extension) => extension.oid === oid).length > 1)
      .map((oid) => `The extension ${oid} occurs more than once`),
  ),
];
