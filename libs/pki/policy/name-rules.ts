import { isIP } from 'node:net';
import { isDnsNameOrWildcard } from '#core';
import {
  type AttributeName,
  type GeneralName,
  type GeneralNameKind,
  NAME_ATTRIBUTES,
  type ReadAttribute,
} from '../x509/names.js';
import { type CertificateNames, dnsNamesOutside } from './dns-names.js';
import { constrainedNames, isAddressWithin, namesOfSubject } from './name-constraints.js';
import { commonNameFromSan } from './subject-from-san.js';
import { type NameFacts, type NamePolicy, type NameRule, objectIf } from './rule.js';

const SUBJECT_ALTERNATIVE_NAMES_MAX = 50;

/** The subject alternative names of the request and of the call. */
const alternativeNames = ({
  request,
  additionalNames,
}: Pick<NameFacts, 'request' | 'additionalNames'>): readonly GeneralName[] => [
  ...request.subjectAlternativeNames,
  ...additionalNames,
];

const commonNames = ({ request }: Pick<NameFacts, 'request'>): readonly string[] =>
  request.subject.filter(({ type }) => type === 'commonName').map(({ value }) => value);

const allValues = (facts: NameFacts): readonly string[] => [
  ...facts.request.subject.map(({ value }) => value),
  ...alternativeNames(facts).map(({ value }) => value),
];

// Control characters, and those that are drawn as nothing or that turn the direction of what follows.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\p{Cs}]/u;

/** A name in words for the requester: bounded, and unable to disturb a log or a terminal. */
const quoted = (name: string): string => `"${name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')}"`;

const MAILBOX = /^(?=.{3,254}$)[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9.-]+$/i;

const isWellFormed: Readonly<Record<GeneralNameKind, (value: string) => boolean>> = {
  dns: isDnsNameOrWildcard,
  email: (value) => MAILBOX.test(value),
  // RFC 5280 §4.2.1.6: absolute, with a scheme and a part specific to it.
  uri: (value) => /^[\x21-\x7e]{1,2048}$/.test(value) && URL.canParse(value),
  ip: (value) => isIP(value) !== 0 && !value.includes('%'),
  directory: () => false,
  other: () => false,
};

/** Addresses among the alternative names, and in the common name, which a verifier can take for one (RFC 6125 §6.4.4). */
const addressesOf = (facts: Pick<NameFacts, 'request' | 'additionalNames'>): readonly string[] => [
  ...new Set(
    [
      ...commonNames(facts),
      ...alternativeNames(facts).flatMap(({ kind, value }) => (kind === 'ip' ? [value] : [])),
    ].filter(isWellFormed.ip),
  ),
];

/** What is not well-formed is rejected by its own rule. */
const wellFormedNames = (facts: NameFacts): readonly GeneralName[] =>
  alternativeNames(facts).filter(({ kind, value }) => isWellFormed[kind](value));

/** The names that name constraints apply to. */
const constrainedCandidates = (facts: NameFacts): readonly GeneralName[] => [
  ...wellFormedNames(facts),
  ...namesOfSubject(facts.request.subject),
];

/** What an attribute must be, beyond visible and not too long, for the type in which it is written. */
const ATTRIBUTE_FORMS: Readonly<Partial<Record<string, RegExp>>> = {
  countryName: /^[A-Z]{2}$/,
  serialNumber: /^[A-Za-z0-9 '()+,\-./:=?]+$/,
  emailAddress: MAILBOX,
  domainComponent: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i,
};

const isWellFormedAttribute = ({ type, value }: Pick<ReadAttribute, 'type' | 'value'>): boolean =>
  value.trim() !== '' && (ATTRIBUTE_FORMS[type]?.test(value) ?? true);

/** The objections of `CSR_DOMAIN_NOT_ALLOWED`, also for names that were certified before. */
export const objectionsToDnsNames = (
  names: CertificateNames,
  policy: NamePolicy,
  allowedDnsNames: readonly string[],
): string[] =>
  dnsNamesOutside(names, policy, allowedDnsNames).map((name) =>
    policy.domains
      ? `${quoted(name)} is in none of the permitted domains`
      : `${quoted(name)} is none of the names that the tenant's settings permit (allowedDnsNames)`,
  );

const nameRule = (code: string, title: string, citation: string, objections: NameRule['objections']): NameRule => ({
  code,
  title,
  citation,
  category: 'POLICY_VIOLATION',
  objections,
});

export const nameRules: readonly NameRule[] = [
  nameRule('CSR_COMMON_NAME_MISSING', 'The subject has no common name', 'RFC 5280 §4.1.2.6', (facts) =>
    objectIf(
      commonNames(facts).every((name) => name.trim() === '') &&
        commonNameFromSan(facts.policy, alternativeNames(facts)) === undefined,
      facts.policy.commonNameFromSan
        ? 'The subject has no common name, and there is no alternative name that can be one'
        : "The subject needs a common name, unless the authority's profile takes it from the alternative names (names.commonNameFromSan)",
    ),
  ),
  nameRule('CSR_COMMON_NAME_REPEATED', 'The subject has several common names', 'RFC 9525 §2, CWE-297', (facts) =>
    objectIf(commonNames(facts).length > 1, 'The subject has more than one common name'),
  ),
  nameRule(
    'CSR_SUBJECT_ATTRIBUTE_NOT_ALLOWED',
    'The subject has an attribute that the policy does not name',
    'RFC 5280 §4.1.2.4',
    ({ request, policy }) =>
      request.subject
        .filter(({ type }) => type !== 'commonName' && !policy.subjectAttributes.includes(type as AttributeName))
        .map(({ type }) => `The subject may not have the attribute ${type}`),
  ),
  nameRule('CSR_SUBJECT_ATTRIBUTE_REPEATED', 'An attribute of the subject occurs twice', 'X.501 §9.3', ({ request }) =>
    [...new Set(request.subject.map(({ type }) => type))]
      .filter((type) => type !== 'commonName' && type !== 'domainComponent' && type !== 'organizationalUnitName')
      .filter((type) => request.subject.filter((attribute) => attribute.type === type).length > 1)
      .map((type) => `The subject has the attribute ${type} more than once`),
  ),
  nameRule(
    'CSR_SUBJECT_ATTRIBUTE_INVALID',
    'An attribute of the subject is blank or not in the form of its type',
    'RFC 5280 appendix A.1, X.680 §41.4',
    ({ request }) =>
      request.subject
        .filter((attribute) => attribute.type !== 'commonName' && !isWellFormedAttribute(attribute))
        .map(({ type, value }) => `${quoted(value)} is not a value for ${type}`),
  ),
  nameRule('CSR_NAME_TOO_LONG', 'A name is longer than its standard permits', 'RFC 5280 appendix A.1', ({ request }) =>
    request.subject
      .filter(({ type, value }) => [...value].length > maxLength(type))
      .map(({ type, value }) => `${type} ${quoted(value)} has more than ${maxLength(type)} characters`),
  ),
  nameRule(
    'CSR_NAME_UNPRINTABLE',
    'A name holds NUL, a control character or an invisible one',
    'RFC 5280 §7, CVE-2009-2408',
    (facts) =>
      allValues(facts)
        .filter((value) => UNPRINTABLE.test(value))
        .map((value) => `${quoted(value)} holds a character that cannot be seen`),
  ),
  nameRule('CSR_NAME_WILDCARD', 'A name has a wildcard', 'RFC 9525 §6.3', (facts) =>
    facts.policy.wildcards
      ? []
      : [...commonNames(facts), ...alternativeNames(facts).map(({ value }) => value)]
          .filter((value) => value.includes('*'))
          .map((value) => `${quoted(value)} has a wildcard, which the policy does not permit`),
  ),
  nameRule('CSR_NAME_NOT_YOURS', 'A name belongs to somebody else', 'CA/B Forum BR §3.2', ({ foreignNames }) =>
    foreignNames.map((name) => `${quoted(name)} cannot be certified for you`),
  ),
  nameRule(
    'CSR_SAN_KIND_NOT_ALLOWED',
    'The policy does not permit this kind of alternative name',
    'RFC 5280 §4.2.1.6',
    (facts) =>
      [...new Set(alternativeNames(facts).map(({ kind }) => kind))]
        .filter((kind) => !facts.policy.sanKinds.includes(kind))
        .map((kind) => `Alternative names of the kind ${kind} are not permitted`),
  ),
  nameRule('CSR_SAN_INVALID', 'An alternative name is not well-formed', 'RFC 5280 §4.2.1.6, RFC 1123 §2.1', (facts) =>
    alternativeNames(facts)
      .filter(({ kind, value }) => facts.policy.sanKinds.includes(kind) && !isWellFormed[kind](value))
      .map(({ kind, value }) => `${quoted(value)} is not a name of the kind ${kind}`),
  ),
  nameRule('CSR_SAN_TOO_MANY', 'There are too many alternative names', 'RFC 5280 §4.2.1.6', (facts) =>
    objectIf(
      alternativeNames(facts).length > SUBJECT_ALTERNATIVE_NAMES_MAX,
      `At most ${SUBJECT_ALTERNATIVE_NAMES_MAX} alternative names are certified`,
    ),
  ),
  nameRule(
    'CSR_DOMAIN_NOT_ALLOWED',
    'Neither the policy nor the settings of the tenant permit a DNS name',
    'CA/B Forum BR §3.2.2.4',
    (facts) =>
      objectionsToDnsNames(
        { subject: facts.request.subject, subjectAlternativeNames: wellFormedNames(facts) },
        facts.policy,
        facts.allowedDnsNames,
      ),
  ),
  nameRule(
    'CSR_ADDRESS_NOT_ALLOWED',
    'The policy does not permit an IP address',
    'CA/B Forum BR §3.2.2.5',
    ({ policy: { networks }, ...facts }) =>
      networks === undefined
        ? []
        : addressesOf(facts)
            .filter((address) => !networks.some((network) => isAddressWithin(address, network)))
            .map((address) => `${quoted(address)} is in none of the permitted networks`),
  ),
  nameRule(
    'CSR_NAME_CONSTRAINED',
    'The name constraints of the authority exclude a name',
    'RFC 5280 §4.2.1.10',
    (facts) =>
      [
        ...new Set(
          facts.nameConstraints
            .flatMap((constraints) => constrainedNames(constrainedCandidates(facts), constraints))
            .map(({ value }) => value),
        ),
      ].map((value) => `The authority may not certify ${quoted(value)}`),
  ),
];

// Unknown attributes are refused by their own rule; 64 is the bound of most.
const maxLength = (type: string): number =>
  Object.hasOwn(NAME_ATTRIBUTES, type) ? NAME_ATTRIBUTES[type as AttributeName].maxLength : 64;
