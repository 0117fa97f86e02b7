import { isIP } from 'node:net';
import { EXTENDED_KEY_USAGES, type KeyUsage, OID, TAG, parseDer } from '#asn1';
import { isDnsNameOrWildcard } from '#core';
import { readExtension } from '../x509/extensions.js';
import { type GeneralName, readGeneralNames } from '../x509/names.js';
import { readPublicKey } from '../x509/public-key.js';
import {
  basicConstraintsOf,
  extensionLintRule,
  find,
  type LintFacts,
  type LintRule,
  lintRule,
  unlessUnreadable,
} from './rule.js';

const KNOWN: ReadonlySet<string> = new Set([
  OID.subjectKeyIdentifier,
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.crlDistributionPoints,
  OID.authorityKeyIdentifier,
  OID.extendedKeyUsage,
  OID.authorityInformationAccess,
  OID.ocspNoCheck,
]);

const usagesOf = (facts: LintFacts): readonly KeyUsage[] => {
  const extension = find(facts, OID.keyUsage);
  return extension ? readExtension.keyUsage(extension.value) : [];
};

const extendedUsagesOf = (facts: LintFacts): readonly string[] => {
  const extension = find(facts, OID.extendedKeyUsage);
  return extension ? readExtension.extendedKeyUsage(extension.value) : [];
};

// RFC 5480 §3 and RFC 8410 §5 permit elliptic keys to sign, not to encrypt.
const ENCRYPTING: readonly KeyUsage[] = ['keyEncipherment', 'dataEncipherment'];

const isCritical = ({ critical }: { readonly critical: boolean }): boolean => critical;
const isNotCritical = ({ critical }: { readonly critical: boolean }): boolean => !critical;

/** A rule about the alternative names of one kind, where they can be read. */
const alternativeNameRule = (
  kind: GeneralName['kind'],
  code: string,
  citation: string,
  title: string,
  isMalformed: (name: string) => boolean,
): LintRule =>
  lintRule(
    code,
    citation,
    title,
    unlessUnreadable((facts) => {
      const extension = find(facts, OID.subjectAlternativeName);
      const names = extension ? readGeneralNames(parseDer(extension.value)) : [];
      return names.some((name) => name.kind === kind && isMalformed(name.value));
    }),
  );

const isHttp = (uri: string): boolean => /^https?:\/\/[^/]/.test(uri) && URL.canParse(uri);

/** Rules about the extensions (RFC 5280 §4.2). */
export const extensionLintRules = [
  lintRule('LINT_EXTENSION_REPEATED', 'RFC 5280 §4.2', 'No extension occurs twice', ({ extensions }) => {
    return new Set(extensions.map(({ oid }) => oid)).size < extensions.length;
  }),
  lintRule('LINT_EXTENSION_UNKNOWN', 'RFC 5280 §4.2', 'Every extension is one that a profile knows', ({ extensions }) =>
    extensions.some(({ oid }) => !KNOWN.has(oid)),
  ),
  lintRule(
    'LINT_BASIC_CONSTRAINTS_MISSING',
    'RFC 5280 §4.2.1.9',
    'The certificate says whether it is that of an authority, in a critical extension',
    (facts) => find(facts, OID.basicConstraints)?.critical !== true,
  ),
  lintRule(
    'LINT_BASIC_CONSTRAINTS_ENCODING',
    'RFC 5280 §4.2.1.9, X.690 §11.5',
    'basicConstraints is DER: FALSE is not written',
    (facts) => {
      const extension = find(facts, OID.basicConstraints);
      if (!extension) return false;
      readExtension.basicConstraints(extension.value);
      return parseDer(extension.value).children[0]?.raw.equals(Buffer.of(TAG.boolean, 1, 0)) === true;
    },
  ),
  lintRule(
    'LINT_PATH_LENGTH',
    'RFC 5280 §4.2.1.9',
    'Only an authority that signs certificates has a path length',
    unlessUnreadable((facts) => {
      const { ca, pathLength } = basicConstraintsOf(facts);
      return pathLength !== undefined && (!ca || !usagesOf(facts).includes('keyCertSign'));
    }),
  ),
  lintRule(
    'LINT_KEY_USAGE_MISSING',
    'RFC 5280 §4.2.1.3',
    'The key usage is stated, in a critical extension',
    (facts) => find(facts, OID.keyUsage)?.critical !== true,
  ),
  extensionLintRule(
    OID.keyUsage,
    'LINT_KEY_USAGE_EMPTY',
    'RFC 5280 §4.2.1.3',
    'A key usage has at least one bit',
    ({ value }) => readExtension.keyUsage(value).length === 0,
  ),
  extensionLintRule(
    OID.keyUsage,
    'LINT_KEY_USAGE_ENCODING',
    'X.690 §11.2.2',
    'The bits of a key usage end with one that is set',
    ({ value }) => {
      const { content } = parseDer(value);
      const [unused = 0, last = 0] = [content[0], content.at(-1)];
      return content.length > 1 && last % 2 ** (unused + 1) !== 2 ** unused;
    },
  ),
  lintRule(
    'LINT_KEY_USAGE_OF_AUTHORITY',
    'RFC 5280 §4.2.1.3, §4.2.1.9',
    'keyCertSign and CA:TRUE go together',
    unlessUnreadable((facts) => basicConstraintsOf(facts).ca !== usagesOf(facts).includes('keyCertSign')),
  ),
  lintRule(
    'LINT_KEY_USAGE_OF_CURVE',
    'RFC 5480 §3, RFC 8410 §5',
    'A key on a curve is not said to encrypt',
    unlessUnreadable(
      (facts) =>
        !readPublicKey(facts.publicKeyInfo).encrypts && usagesOf(facts).some((usage) => ENCRYPTING.includes(usage)),
    ),
  ),
  lintRule(
    'LINT_SUBJECT_KEY_IDENTIFIER_MISSING',
    'RFC 5280 §4.2.1.2',
    'The subject key identifier is there, of 1 to 64 octets',
    (facts) => {
      const extension = find(facts, OID.subjectKeyIdentifier);
      const length = extension ? readExtension.subjectKeyIdentifier(extension.value).length : 0;
      return length < 1 || length > 64;
    },
  ),
  extensionLintRule(
    OID.subjectKeyIdentifier,
    'LINT_SUBJECT_KEY_IDENTIFIER_CRITICAL',
    'RFC 5280 §4.2.1.2',
    'The subject key identifier is not critical',
    isCritical,
  ),
  lintRule(
    'LINT_AUTHORITY_KEY_IDENTIFIER_MISSING',
    'RFC 5280 §4.2.1.1',
    'The authority key identifier is there, with a key identifier',
    (facts) => {
      const extension = find(facts, OID.authorityKeyIdentifier);
      return !extension || readExtension.authorityKeyIdentifier(extension.value) === undefined;
    },
  ),
  extensionLintRule(
    OID.authorityKeyIdentifier,
    'LINT_AUTHORITY_KEY_IDENTIFIER_CRITICAL',
    'RFC 5280 §4.2.1.1',
    'The authority key identifier is not critical',
    isCritical,
  ),
  extensionLintRule(
    OID.subjectAlternativeName,
    'LINT_SAN_EMPTY',
    'RFC 5280 §4.2.1.6',
    'A subjectAltName holds at least one name, and none of another kind than DNS, mail, URI and address',
    ({ value }) => readGeneralNames(parseDer(value)).some(({ kind }) => kind === 'other' || kind === 'directory'),
  ),
  alternativeNameRule(
    'dns',
    'LINT_SAN_DNS',
    'RFC 5280 §4.2.1.6, RFC 1123 §2.1',
    'DNS names are in preferred name syntax',
    (name) => !isDnsNameOrWildcard(name),
  ),
  alternativeNameRule(
    'email',
    'LINT_SAN_EMAIL',
    'RFC 5280 §4.2.1.6, RFC 2821 §4.1.2',
    'Mail names are mailboxes, without a display name',
    (name) => !/^[^\s<>()@]{1,64}@[a-z0-9.-]+$/i.test(name),
  ),
  alternativeNameRule(
    'uri',
    'LINT_SAN_URI',
    'RFC 5280 §4.2.1.6',
    'URIs are absolute',
    (name) => !URL.canParse(name) || /[^\x21-\x7e]/.test(name),
  ),
  alternativeNameRule(
    'ip',
    'LINT_SAN_IP',
    'RFC 5280 §4.2.1.6',
    'Addresses have 4 or 16 octets',
    (name) => isIP(name) === 0,
  ),
  extensionLintRule(
    OID.extendedKeyUsage,
    'LINT_EXTENDED_KEY_USAGE_EMPTY',
    'RFC 5280 §4.2.1.12',
    'An extended key usage names at least one purpose, each once',
    ({ value }) => {
      const purposes = readExtension.extendedKeyUsage(value);
      return purposes.length === 0 || new Set(purposes).size < purposes.length;
    },
  ),
  lintRule(
    'LINT_OCSP_NO_CHECK',
    'RFC 6960 §4.2.2.2.1',
    'ocsp-nocheck and the purpose of signing OCSP answers go together; its value is NULL',
    unlessUnreadable((facts) => {
      const extension = find(facts, OID.ocspNoCheck);
      const isSigner = extendedUsagesOf(facts).includes(EXTENDED_KEY_USAGES.ocspSigning);
      const isWrong = extension !== undefined && !extension.value.equals(Buffer.of(TAG.null, 0));
      return isWrong || isSigner !== (extension !== undefined);
    }),
  ),
  extensionLintRule(
    OID.nameConstraints,
    'LINT_NAME_CONSTRAINTS_NOT_CRITICAL',
    'RFC 5280 §4.2.1.10',
    'Name constraints are critical',
    isNotCritical,
  ),
  extensionLintRule(
    OID.nameConstraints,
    'LINT_NAME_CONSTRAINTS_OF_LEAF',
    'RFC 5280 §4.2.1.10',
    'Only the certificate of an authority has name constraints',
    (_, facts) => !basicConstraintsOf(facts).ca,
  ),
  extensionLintRule(
    OID.nameConstraints,
    'LINT_NAME_CONSTRAINTS_EMPTY',
    'RFC 5280 §4.2.1.10',
    'Name constraints hold at least one subtree',
    ({ value }) => {
      const { permitted, excluded } = readExtension.nameConstraints(value);
      return permitted.length + excluded.length === 0;
    },
  ),
  extensionLintRule(
    OID.crlDistributionPoints,
    'LINT_CRL_DISTRIBUTION_POINT',
    'RFC 5280 §4.2.1.13',
    'The distribution points are http addresses, in an extension that is not critical',
    ({ critical, value }) => {
      const places = readExtension.crlDistributionPoints(value);
      return critical || places.length === 0 || !places.every(isHttp);
    },
  ),
  extensionLintRule(
    OID.authorityInformationAccess,
    'LINT_AUTHORITY_INFORMATION_ACCESS',
    'RFC 5280 §4.2.2.1',
    'Responder and issuer are http addresses, in an extension that is not critical',
    ({ critical, value }) => {
      const places = readExtension.authorityInformationAccess(value);
      const known: readonly string[] = [OID.ocspAccess, OID.caIssuersAccess];
      const right = places.every(
        ({ method, location }) => known.includes(method) && location.kind === 'uri' && isHttp(location.value),
      );
      return critical || places.length === 0 || !right;
    },
  ),
] as const;
