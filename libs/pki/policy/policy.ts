import type { CertificateRequest } from '../x509/csr.js';
import { type GeneralName, type NameAttribute, NAME_ATTRIBUTES, type ReadAttribute } from '../x509/names.js';
import { commonNameFromSan } from './subject-from-san.js';
import { extensionRules } from './extension-rules.js';
import { keyRules } from './key-rules.js';
import { nameRules } from './name-rules.js';
import type { Finding, NameFacts, NamePolicy, PolicyCategory, PolicyFacts, PolicyRule } from './rule.js';

/** Every reason to refuse a request. Adding one is adding one entry to a table in `rules/`. */
export const policyRules: readonly PolicyRule[] = [...keyRules, ...nameRules, ...extensionRules];

const categories = new Map(policyRules.map(({ code, category }) => [code, category]));

// A hostile request may violate thousands of rules; the answer lists no more than these.
const FINDINGS_MAX = 50;

/** All violations, in the order of the rules; none where the request may be certified. */
export const checkRequest = (facts: PolicyFacts): Finding[] =>
  policyRules
    .flatMap(({ code, citation, objections }) => objections(facts).map((detail) => ({ code, detail, citation })))
    .slice(0, FINDINGS_MAX);

/** Rules that look at what a request has beside the alternative names. */
const OF_WHOLE_REQUESTS: ReadonlySet<string> = new Set(['CSR_COMMON_NAME_MISSING']);

/**
 * What is wrong with names that a request is to have, before there is one: for protocols in which names are ordered
 * first. The request itself is checked by `checkRequest`.
 */
export const checkNames = (
  additionalNames: readonly GeneralName[],
  facts: Omit<NameFacts, 'request' | 'additionalNames'>,
): Finding[] => {
  const named = { ...facts, request: { subject: [], subjectAlternativeNames: [] }, additionalNames };
  return nameRules
    .filter(({ code }) => !OF_WHOLE_REQUESTS.has(code))
    .flatMap(({ code, citation, objections }) => objections(named).map((detail) => ({ code, detail, citation })));
};

/** The error that findings are answered with: the one that they share, otherwise a violation of the policy. */
export function refusalCode(findings: readonly Finding[]): PolicyCategory {
  const [first, ...others] = new Set(findings.map(({ code }) => categories.get(code)));
  return first !== undefined && others.length === 0 ? first : 'POLICY_VIOLATION';
}

/** Every name that a request asks for, as text: what is held against the names of other tenants. */
export const requestedNames = (request: CertificateRequest, additionalNames: readonly GeneralName[] = []): string[] => [
  ...new Set(
    [
      ...request.subject.filter(({ type }) => type === 'commonName'),
      ...request.subjectAlternativeNames,
      ...additionalNames,
    ].map(({ value }) => value),
  ),
];

/**
 * The names of a request that was found to be in order, as a certificate states them: known attributes, alternative names
 * without repetitions, DNS names in lower case.
 */
export function certifiedNames(
  request: CertificateRequest,
  additionalNames: readonly GeneralName[] = [],
  policy: Pick<NamePolicy, 'commonNameFromSan'> = {},
): { subject: NameAttribute[]; subjectAlternativeNames: GeneralName[] } {
  const normalised = [...request.subjectAlternativeNames, ...additionalNames].map(({ kind, value }) => ({
    kind,
    value: kind === 'dns' ? value.toLowerCase() : value,
  }));
  const unique = [...new Map(normalised.map((name) => [`${name.kind}:${name.value}`, name])).values()];
  const subject = request.subject.filter(isKnown);
  const isNamed = subject.some(({ type, value }) => type === 'commonName' && value.trim() !== '');
  const derived = isNamed ? undefined : commonNameFromSan(policy, unique);
  return {
    subject:
      derived === undefined
        ? subject
        : [...subject.filter(({ type }) => type !== 'commonName'), { type: 'commonName', value: derived }],
    subjectAlternativeNames: unique,
  };
}

const isKnown = (attribute: ReadAttribute): attribute is ReadAttribute & NameAttribute =>
  Object.hasOwn(NAME_ATTRIBUTES, attribute.type);
