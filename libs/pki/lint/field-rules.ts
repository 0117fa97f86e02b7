import {
  DerFields,
  OID,
  TAG,
  integerOctets,
  onlyChild,
  parseDer,
  readBitString,
  readInteger,
  readObjectIdentifier,
  readTime,
} from '#asn1';
import { type AttributeName, NAME_ATTRIBUTES } from '../x509/names.js';
import { certifiedKeys, readPublicKey } from '../x509/public-key.js';
import { signatureAlgorithmByOid } from '../x509/signature-algorithms.js';
import { basicConstraintsOf, find, type LintFacts, lintRule } from './rule.js';

const SERIAL_OCTETS_MAX = 20;
const SERIAL_OCTETS_MIN = 8;

const algorithmOf = ({ signature }: LintFacts) => {
  const fields = DerFields.of(signature);
  const oid = readObjectIdentifier(fields.take());
  return { algorithm: signatureAlgorithmByOid(oid), fields };
};

/** The form of RFC 5280 §4.1.2.5, and UTCTime exactly through 2049. */
const hasWrongTimeForm = (node: LintFacts['notBefore']): boolean => {
  const year2050 = 2_524_608_000_000;
  return readTime(node) < year2050 !== (node.tag === TAG.utcTime);
};

const PRINTABLE_STRING = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const IA5_ATTRIBUTES: readonly string[] = ['emailAddress', 'domainComponent'] satisfies AttributeName[];
const PRINTABLE_ATTRIBUTES: readonly string[] = ['countryName', 'serialNumber'] satisfies AttributeName[];

function permittedStringTags(type: string): readonly number[] {
  if (IA5_ATTRIBUTES.includes(type)) return [TAG.ia5String];
  return PRINTABLE_ATTRIBUTES.includes(type) ? [TAG.printableString] : [TAG.printableString, TAG.utf8String];
}

const maxLength = (type: string): number =>
  Object.hasOwn(NAME_ATTRIBUTES, type) ? NAME_ATTRIBUTES[type as AttributeName].maxLength : 64;

/** Rules about the basic fields (RFC 5280 §4.1). */
export const fieldLintRules = [
  lintRule('LINT_VERSION', 'RFC 5280 §4.1.2.1', 'A certificate with extensions has version 3', ({ version }) => {
    const VERSION_3 = 2n;
    return !version || readInteger(onlyChild(version)) !== VERSION_3;
  }),
  lintRule(
    'LINT_SERIAL_NOT_POSITIVE',
    'RFC 5280 §4.1.2.2',
    'The serial number is a positive integer in its shortest form',
    ({ serialNumber }) => readInteger(serialNumber) <= 0n,
  ),
  lintRule(
    'LINT_SERIAL_TOO_LONG',
    'RFC 5280 §4.1.2.2',
    'The serial number has at most 20 octets',
    ({ serialNumber }) => serialNumber.content.length > SERIAL_OCTETS_MAX,
  ),
  lintRule(
    'LINT_SERIAL_TOO_SHORT',
    'CA/B Forum BR §7.1',
    'The serial number has at least 64 bits',
    ({ serialNumber }) => integerOctets(serialNumber).length < SERIAL_OCTETS_MIN,
  ),
  lintRule(
    'LINT_SIGNATURE_ALGORITHM',
    'RFC 5280 §4.1.1.2, RFC 9155 §1',
    'The signature algorithm is a known one, with SHA-256 or stronger',
    (facts) => {
      const { algorithm } = algorithmOf(facts);
      return !algorithm || algorithm.digest === 'md5' || algorithm.digest === 'sha1';
    },
  ),
  lintRule(
    'LINT_SIGNATURE_PARAMETERS',
    'RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3',
    'RSA signature algorithms have NULL parameters, the others none',
    (facts) => {
      const { algorithm, fields } = algorithmOf(facts);
      if (algorithm?.parameters === 'null' && fields.take(TAG.null).content.length > 0) return true;
      fields.end();
      return false;
    },
  ),
  lintRule(
    'LINT_ISSUER_EMPTY',
    'RFC 5280 §4.1.2.4',
    'The issuer has a name',
    ({ issuer }) => issuer.children.length === 0,
  ),
  lintRule(
    'LINT_AUTHORITY_WITHOUT_NAME',
    'RFC 5280 §4.1.2.6',
    'The subject of an authority is not empty',
    (facts) => facts.subject.children.length === 0 && basicConstraintsOf(facts).ca,
  ),
  lintRule(
    'LINT_SUBJECT_EMPTY',
    'RFC 5280 §4.1.2.6',
    'An empty subject needs a critical subjectAltName',
    (facts) => facts.subject.children.length === 0 && find(facts, OID.subjectAlternativeName)?.critical !== true,
  ),
  lintRule(
    'LINT_NAME_STRING_TYPE',
    'RFC 5280 §4.1.2.4, appendix A.1',
    'Each attribute has the string type of its definition: PrintableString or UTF8String, IA5String for mail and domains',
    ({ attributes }) => attributes.some(({ type, stringTag }) => !permittedStringTags(type).includes(stringTag)),
  ),
  lintRule(
    'LINT_PRINTABLE_STRING',
    'X.680 §41.4',
    'A PrintableString has characters of its small alphabet only',
    ({ attributes }) =>
      attributes.some(({ stringTag, value }) => stringTag === TAG.printableString && !PRINTABLE_STRING.test(value)),
  ),
  lintRule(
    'LINT_NAME_EMPTY_VALUE',
    'RFC 5280 appendix A.1',
    'No attribute of a name is empty or blank, and no part of it is without one',
    ({ attributes, subject }) =>
      attributes.some(({ value }) => value.trim() === '') ||
      subject.children.some(({ children }) => children.length === 0),
  ),
  lintRule('LINT_NAME_TOO_LONG', 'RFC 5280 appendix A.1', 'No attribute exceeds its upper bound', ({ attributes }) =>
    attributes.some(({ type, value }) => [...value].length > maxLength(type)),
  ),
  lintRule(
    'LINT_NAME_CONTROL_CHARACTER',
    'RFC 5280 §7.1, RFC 4518 §2.2',
    'No attribute holds a control character',
    ({ attributes }) => attributes.some(({ value }) => /\p{Cc}/u.test(value)),
  ),
  lintRule(
    'LINT_COUNTRY_CODE',
    'RFC 5280 appendix A.1, ISO 3166-1',
    'A country is two capital letters',
    ({ attributes }) => attributes.some(({ type, value }) => type === 'countryName' && !/^[A-Z]{2}$/.test(value)),
  ),
  lintRule(
    'LINT_TIME_FORM',
    'RFC 5280 §4.1.2.5',
    'Times are UTCTime through 2049, GeneralizedTime after, with seconds and Z',
    ({ notBefore, notAfter }) => hasWrongTimeForm(notBefore) || hasWrongTimeForm(notAfter),
  ),
  lintRule(
    'LINT_VALIDITY_REVERSED',
    'RFC 5280 §4.1.2.5',
    'notAfter is later than notBefore',
    ({ notBefore, notAfter }) => readTime(notAfter) <= readTime(notBefore),
  ),
  lintRule(
    'LINT_UNIQUE_IDENTIFIER',
    'RFC 5280 §4.1.2.8',
    'Unique identifiers are not used',
    ({ uniqueIdentifiers }) => uniqueIdentifiers.length > 0,
  ),
  lintRule(
    'LINT_KEY_UNSUPPORTED',
    'RFC 3279 §2.3, RFC 5480 §2, RFC 8410 §4',
    `The key is ${certifiedKeys} in its one encoding`,
    ({ publicKeyInfo }) => readPublicKey(publicKeyInfo).kind === 'unsupported',
  ),
  lintRule(
    'LINT_RSA_KEY',
    'CA/B Forum BR §6.1.5, §6.1.6',
    'An RSA key has 2048 to 4096 bits, an odd modulus, and an odd exponent above 65536',
    ({ publicKeyInfo }) => {
      // Read once more, and held against bounds of its own: the policy is what is checked here.
      const fields = DerFields.of(publicKeyInfo);
      if (readObjectIdentifier(DerFields.of(fields.take()).take()) !== OID.rsaEncryption) return false;
      const numbers = DerFields.of(parseDer(readBitString(fields.take())));
      const [modulus, exponent] = [readInteger(numbers.take()), readInteger(numbers.take())];
      const bits = modulus.toString(2).length;
      const rightSize = bits >= 2048 && bits <= 4096;
      return !rightSize || modulus % 2n === 0n || exponent % 2n === 0n || exponent <= 0x10000n;
    },
  ),
] as const;
