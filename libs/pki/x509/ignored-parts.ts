import { KEY_USAGES, type KeyUsage, OID, TAG, expectTag, parseDer } from '#asn1';
import type { CertificateRequest } from './csr.js';
import type { ReadExtension } from './extensions.js';
import type { CertificateProfile } from './profile.js';
import { keyIdentifier } from './public-key.js';

export const IGNORED_PART_KINDS = ['extension', 'attribute', 'keyUsage'] as const;

/** Something of a request that the certificate does not have, and that is no reason to refuse the request. */
export interface IgnoredPart {
  readonly kind: (typeof IGNORED_PART_KINDS)[number];
  /** The name of a key usage; otherwise the dotted identifier. */
  readonly id: string;
  /** Where one is known here. */
  readonly name: string | null;
}

/** What requests often contain and no certificate of this product has. */
const NAMES: ReadonlyMap<string, string> = new Map([
  [OID.challengePassword, 'challengePassword'],
  [OID.unstructuredName, 'unstructuredName'],
  [OID.subjectKeyIdentifier, 'subjectKeyIdentifier'],
  [OID.authorityKeyIdentifier, 'authorityKeyIdentifier'],
  [OID.nameConstraints, 'nameConstraints'],
  [OID.crlDistributionPoints, 'cRLDistributionPoints'],
  [OID.certificatePolicies, 'certificatePolicies'],
  [OID.authorityInformationAccess, 'authorityInfoAccess'],
  [OID.ocspNoCheck, 'ocsp-nocheck'],
  ['1.3.6.1.5.5.7.1.24', 'tlsFeature'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress'],
  ['1.2.840.113549.1.9.15', 'smimeCapabilities'],
  ['2.5.29.9', 'subjectDirectoryAttributes'],
  ['2.5.29.16', 'privateKeyUsagePeriod'],
  ['2.5.29.18', 'issuerAltName'],
  ['2.16.840.1.113730.1.1', 'netscape-cert-type'],
  ['2.16.840.1.113730.1.13', 'netscape-comment'],
  ['1.3.6.1.4.1.311.13.2.1', 'microsoftEnrolmentNameValuePair'],
  ['1.3.6.1.4.1.311.13.2.2', 'microsoftEnrolmentCsp'],
  ['1.3.6.1.4.1.311.13.2.3', 'microsoftOsVersion'],
  ['1.3.6.1.4.1.311.20.2', 'microsoftCertificateTemplateName'],
  ['1.3.6.1.4.1.311.21.7', 'microsoftCertificateTemplate'],
  ['1.3.6.1.4.1.311.21.10', 'microsoftApplicationPolicies'],
  ['1.3.6.1.4.1.311.21.20', 'microsoftRequestClientInformation'],
]);

/** The policy decides about what these ask for: the certificate has it, or the request is refused. */
const DECIDED_BY_POLICY: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.extendedKeyUsage,
  OID.subjectAlternativeName,
]);

/** What of an acceptable request is not in the certificate that it becomes, each once, in the order of the request. */
export function ignoredParts(
  request: CertificateRequest,
  { keyUsage }: Pick<CertificateProfile, 'keyUsage'>,
): IgnoredPart[] {
  const named = (kind: IgnoredPart['kind'], id: string): IgnoredPart => ({ kind, id, name: NAMES.get(id) ?? null });
  const usages = KEY_USAGES.filter((usage) => request.requestedKeyUsage.includes(usage) && !keyUsage.includes(usage));
  const extensions = request.requestedExtensions.filter(
    (extension) =>
      !DECIDED_BY_POLICY.has(extension.oid) &&
      extension.oid !== OID.keyUsage &&
      !isOwnKeyIdentifier(extension, request),
  );
  const parts = [
    ...request.otherAttributes.map((oid) => named('attribute', oid)),
    ...extensions.map(({ oid }) => named('extension', oid)),
    ...usages.map((usage: KeyUsage): IgnoredPart => ({ kind: 'keyUsage', id: usage, name: usage })),
  ];
  return [...new Map(parts.map((part) => [`${part.kind} ${part.id}`, part])).values()];
}

/** A key identifier that is the one that the certificate gets (RFC 5280 §4.2.1.2). */
function isOwnKeyIdentifier({ oid, value }: ReadExtension, { publicKeyInfo }: CertificateRequest): boolean {
  if (oid !== OID.subjectKeyIdentifier) return false;
  try {
    return expectTag(parseDer(value), TAG.octetString).content.equals(keyIdentifier(publicKeyInfo));
  } catch {
    return false;
  }
}
