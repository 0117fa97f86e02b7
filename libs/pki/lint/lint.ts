import type { ParsedCertificate } from '../x509/certificate.js';
import { DerError, DerFields, TAG, expectTag, onlyChild, parseDer } from '#asn1';
import { readExtensions } from '../x509/extensions.js';
import { readName } from '../x509/names.js';
import { extensionLintRules } from './extension-rules.js';
import { fieldLintRules } from './field-rules.js';
import { issuerLintRules } from './issuer-rules.js';
import type { LintFacts, LintRule } from './rule.js';
import type { Finding } from '../policy/rule.js';

/** Every rule, after the RFC 5280 set of zlint. Adding one is adding one entry to a table in `rules/`. */
export const lintRules: readonly LintRule[] = [...fieldLintRules, ...extensionLintRules, ...issuerLintRules];

/**
 * Reads the bytes that are about to be signed, with other code than built them, and holds every rule against them. Any
 * finding means: do not sign. Never throws.
 *
 * @param tbs TBSCertificate DER
 * @param authority the certificate of who will sign; absent where the certificate signs itself
 */
export function lintCertificate(tbs: Buffer, authority?: ParsedCertificate): Finding[] {
  let facts: LintFacts;
  try {
    facts = readFacts(tbs, authority);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [{ code: 'LINT_STRUCTURE', detail: `Not a TBSCertificate: ${error.message}`, citation: 'RFC 5280 §4.1' }];
  }
  return lintRules.flatMap((rule) => findingOf(rule, facts));
}

function findingOf({ code, title, citation, isBroken }: LintRule, facts: LintFacts): Finding[] {
  try {
    return isBroken(facts) ? [{ code, detail: title, citation }] : [];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [{ code, detail: `${title}: ${error.message}`, citation }];
  }
}

function readFacts(tbs: Buffer, authority: ParsedCertificate | undefined): LintFacts {
  const fields = DerFields.of(parseDer(tbs));
  const version = fields.optional(0xa0);
  const serialNumber = fields.take(TAG.integer);
  const signature = fields.take(TAG.sequence);
  const issuer = fields.take(TAG.sequence);
  const validity = DerFields.of(fields.take());
  const notBefore = validity.take();
  const notAfter = validity.take();
  validity.end();
  const subject = fields.take(TAG.sequence);
  const publicKeyInfo = fields.take(TAG.sequence);
  const uniqueIdentifiers = [fields.optional(0x81), fields.optional(0x82)].filter((node) => node !== undefined);
  const extensionList = fields.optional(0xa3);
  fields.end();
  return {
    version,
    serialNumber,
    signature,
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKeyInfo,
    uniqueIdentifiers,
    extensions: extensionList ? readExtensions(expectTag(onlyChild(extensionList), TAG.sequence)) : [],
    attributes: readName(subject),
    authority,
  };
}
