import { X509Certificate } from 'node:crypto';

import { EXTENDED_KEY_USAGES, type ExtendedKeyUsage, OID } from '#asn1';
import type { EpochMilliseconds } from '#core';
import { type Parsed, refusal } from '#crypto';

import { constrainedNames, namesOfSubject } from '../policy/name-constraints.js';
import type { ParsedCertificate } from './certificate.js';
import { formatName } from './names.js';
import { signatureAlgorithmByOid } from './signature-algorithms.js';

/** Certificates of authorities, each followed by its issuer's. */
export type CertificationPath = readonly [ParsedCertificate, ...ParsedCertificate[]];

/** What certificates are to be issued below a path. */
export interface PathUse {
  readonly now: EpochMilliseconds;
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
}

/** What a path permits below its first certificate. */
export interface PathFacts {
  /** How many authorities may follow; `undefined` for any number. */
  readonly pathLength: number | undefined;
}

/** A certificate of a path, and what is below it. */
interface Step {
  readonly certificate: ParsedCertificate;
  /** `undefined` for the last one. */
  readonly issuer: ParsedCertificate | undefined;
  /** Those below it, the first one of the path first. */
  readonly below: readonly ParsedCertificate[];
  readonly use: PathUse;
}

/** Says what is wrong with a certificate; `undefined` where nothing is. */
type PathRule = (step: Step) => string | undefined;

/** RFC 5280 §4.2.1.12 */
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/** Critical extensions that these rules read, or that do not limit what this product issues: policies are not part of its certificates. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.nameConstraints,
  OID.subjectAlternativeName,
  OID.certificatePolicies,
]);

/** RFC 5280 §6.1.3 and §6.1.4, for a path whose end is trusted because its owner names it. */
const RULES: readonly PathRule[] = [
  ({ certificate, issuer = certificate }) => {
    if (issuer === certificate && !isSelfIssued(certificate)) return undefined;
    return isIssuedBy(certificate, issuer) ? undefined : 'is not issued by the next one';
  },
  ({ certificate, issuer }) => {
    // The signature under a root is not what makes it trusted.
    const digest = issuer && signatureAlgorithmByOid(certificate.signatureOid)?.digest;
    return digest === 'md5' || digest === 'sha1' ? `is signed with ${digest.toUpperCase()}` : undefined;
  },
  ({ certificate: { notBefore, notAfter }, use: { now } }) =>
    now < notBefore || now > notAfter ? 'is not valid today' : undefined,
  ({ certificate: { subject } }) => (subject.length === 0 ? 'has no subject (RFC 5280 §4.1.2.6)' : undefined),
  ({ certificate: { basicConstraints } }) =>
    basicConstraints?.ca ? undefined : 'is not that of an authority (basicConstraints)',
  ({ certificate: { keyUsage } }) =>
    keyUsage && !keyUsage.includes('keyCertSign') ? 'has a key usage without keyCertSign' : undefined,
  ({ certificate: { basicConstraints }, below }) =>
    followers(below) > (basicConstraints?.pathLength ?? Number.POSITIVE_INFINITY)
      ? `permits fewer authorities below it than there are (path length ${basicConstraints?.pathLength})`
      : undefined,
  ({ certificate: { nameConstraints }, below }) => {
    const [name] = nameConstraints === undefined ? [] : constrainedNames(below.flatMap(namesOf), nameConstraints);
    return name && `does not permit the name ${name.value} below it (name constraints)`;
  },
  ({ certificate: { extendedKeyUsage }, use }) => {
    if (!extendedKeyUsage || extendedKeyUsage.includes(ANY_EXTENDED_KEY_USAGE)) return undefined;
    const missing = use.extendedKeyUsage.find((usage) => !extendedKeyUsage.includes(EXTENDED_KEY_USAGES[usage]));
    return missing && `does not permit certificates for ${missing} (extended key usage)`;
  },
  ({ certificate: { extensions } }) => {
    const unknown = extensions.find(({ oid, critical }) => critical && !KNOWN_EXTENSIONS.has(oid));
    return unknown && `has the critical extension ${unknown.oid}, which is not supported`;
  },
];

/**
 * Whether certificates may be issued under the first certificate of a path now, as far as the path says. Its last certificate need not
 * be a root: it is the one that relying parties trust. Never throws.
 */
export function checkPath(path: CertificationPath, use: PathUse): Parsed<PathFacts, 'INVALID_PATH'> {
  for (const [index, certificate] of path.entries()) {
    const step = { certificate, issuer: path[index + 1], below: path.slice(0, index), use };
    for (const rule of RULES) {
      const detail = rule(step);
      if (detail !== undefined) {
        return refusal('INVALID_PATH', `The certificate of ${formatName(certificate.subject)} ${detail}`);
      }
    }
  }
  const limits = path.flatMap(({ basicConstraints }, index) =>
    basicConstraints?.pathLength === undefined ? [] : [basicConstraints.pathLength - followers(path.slice(0, index))],
  );
  return { ok: true, value: { pathLength: limits.length === 0 ? undefined : Math.min(...limits) } };
}

export const isSelfIssued = ({ issuerName, subjectName }: ParsedCertificate): boolean => issuerName.equals(subjectName);

/** RFC 5280 §4.2.1.9: a self-issued certificate does not count. */
const followers = (below: readonly ParsedCertificate[]): number =>
  below.filter((certificate) => !isSelfIssued(certificate)).length;

const namesOf = ({ subject, subjectAlternativeNames }: ParsedCertificate) => [
  ...namesOfSubject(subject),
  ...subjectAlternativeNames,
];

/** Whether the certificate names the issuer and is signed by it. OpenSSL verifies: issuers elsewhere have keys that ours do not have. */
function isIssuedBy(certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  if (!certificate.issuerName.equals(issuer.subjectName)) return false;
  const [issued, above] = [new X509Certificate(certificate.der), new X509Certificate(issuer.der)];
  return issued.checkIssued(above) && issued.verify(above.publicKey);
}
