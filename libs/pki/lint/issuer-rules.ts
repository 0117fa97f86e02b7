import { DerFields, OID, parseDer, readObjectIdentifier, readTime } from '#asn1';
import type { ParsedCertificate } from '../x509/certificate.js';
import { readExtension } from '../x509/extensions.js';
import { readGeneralNames } from '../x509/names.js';
import { keyIdentifier, readPublicKey } from '../x509/public-key.js';
import { signatureAlgorithmByOid } from '../x509/signature-algorithms.js';
import { basicConstraintsOf, find, type LintFacts, type LintRule, lintRule, unlessUnreadable } from './rule.js';
import { constrainedNames, namesOfSubject } from '../policy/name-constraints.js';

const issuerRule = (
  code: string,
  citation: string,
  title: string,
  isBroken: (authority: ParsedCertificate, facts: LintFacts) => boolean,
): LintRule =>
  lintRule(
    code,
    citation,
    title,
    unlessUnreadable((facts) => facts.authority !== undefined && isBroken(facts.authority, facts)),
  );

const authorityKeyIdentifierOf = (facts: LintFacts): Buffer | undefined => {
  const extension = find(facts, OID.authorityKeyIdentifier);
  return extension && readExtension.authorityKeyIdentifier(extension.value);
};

/** Rules about a certificate and the one above it: what path validation will ask (RFC 5280 §6.1). */
export const issuerLintRules = [
  issuerRule(
    'LINT_ISSUER_NAME',
    'RFC 5280 §6.1.3 (a)(4)',
    "The issuer is, byte for byte, the authority's subject",
    (authority, { issuer }) => !issuer.raw.equals(authority.subjectName),
  ),
  lintRule(
    'LINT_SELF_SIGNED_NAME',
    'RFC 5280 §3.2',
    'A certificate without an authority above it names itself as its issuer',
    ({ authority, issuer, subject }) => !authority && !issuer.raw.equals(subject.raw),
  ),
  lintRule(
    'LINT_SIGNATURE_OF_ISSUER',
    'RFC 5280 §4.1.1.3',
    "The signature algorithm is one for the issuer's key",
    unlessUnreadable(({ authority, signature, publicKeyInfo }) => {
      const key = authority?.publicKey ?? readPublicKey(publicKeyInfo);
      const algorithm = signatureAlgorithmByOid(readObjectIdentifier(DerFields.of(signature).take()));
      return algorithm !== undefined && algorithm.keyKind !== key.kind;
    }),
  ),
  issuerRule(
    'LINT_ISSUER_NOT_AUTHORITY',
    'RFC 5280 §6.1.4 (k), (n)',
    'The issuer is an authority and may sign certificates',
    ({ basicConstraints, keyUsage }) =>
      basicConstraints?.ca !== true || (keyUsage !== undefined && !keyUsage.includes('keyCertSign')),
  ),
  issuerRule(
    'LINT_PATH_TOO_LONG',
    'RFC 5280 §6.1.4 (l), (m)',
    'An authority has fewer authorities below it than the one above it permits',
    ({ basicConstraints }, facts) => {
      const { ca, pathLength } = basicConstraintsOf(facts);
      const above = basicConstraints?.pathLength;
      return ca && above !== undefined && (above === 0 || (pathLength !== undefined && pathLength >= above));
    },
  ),
  issuerRule(
    'LINT_VALIDITY_EXCEEDS_ISSUER',
    'RFC 5280 §6.1.3 (a)(2)',
    "The validity lies within the authority's",
    (authority, { notBefore, notAfter }) =>
      readTime(notBefore) < authority.notBefore || readTime(notAfter) > authority.notAfter,
  ),
  issuerRule(
    'LINT_AUTHORITY_KEY_IDENTIFIER_MISMATCH',
    'RFC 5280 §4.2.1.1',
    "The authority key identifier is the authority's subject key identifier",
    (authority, facts) => {
      const identifier = authorityKeyIdentifierOf(facts);
      const expected = authority.subjectKeyIdentifier ?? keyIdentifier(authority.publicKeyInfo);
      return identifier !== undefined && !identifier.equals(expected);
    },
  ),
  lintRule(
    'LINT_SELF_SIGNED_KEY_IDENTIFIER',
    'RFC 5280 §4.2.1.1',
    'In a root both key identifiers are the same',
    unlessUnreadable((facts) => {
      const subject = find(facts, OID.subjectKeyIdentifier);
      const identifier = authorityKeyIdentifierOf(facts);
      if (facts.authority || !subject || !identifier) return false;
      return !identifier.equals(readExtension.subjectKeyIdentifier(subject.value));
    }),
  ),
  issuerRule(
    'LINT_KEY_OF_ISSUER',
    'CA/B Forum BR §6.1.1.3',
    "The certified key is not the authority's own",
    (authority, { publicKeyInfo }) => publicKeyInfo.raw.equals(authority.publicKeyInfo),
  ),
  issuerRule(
    'LINT_NAME_CONSTRAINED',
    'RFC 5280 §6.1.3 (b), (c)',
    'The name constraints of the authority permit every name',
    ({ nameConstraints }, facts) => {
      if (!nameConstraints) return false;
      const extension = find(facts, OID.subjectAlternativeName);
      const alternatives = extension ? readGeneralNames(parseDer(extension.value)) : [];
      const names = [...namesOfSubject(facts.attributes), ...alternatives];
      return constrainedNames(names, nameConstraints).length > 0;
    },
  ),
] as const;
