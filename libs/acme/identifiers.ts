import type { Json } from '#core';
import type { CertificateRequest } from '#pki';

import { acmeErrors, acmeType } from './errors.js';

/** Names of one order. */
const NAMES_MAX = 50;
const NAME_LENGTH_MAX = 253;
const WILDCARD = '*.';

/** What is to be proven about one name of an order. */
export interface WantedName {
  /** Without the label of a wildcard. */
  readonly name: string;
  readonly wildcard: boolean;
}

/**
 * The DNS names of an order, in lower case and each once (RFC 8555 §7.1.3, §7.4).
 * @throws ACME_MALFORMED, ACME_UNSUPPORTED_IDENTIFIER
 */
export function namesIn(identifiers: Json | undefined): readonly string[] {
  if (!Array.isArray(identifiers) || identifiers.length === 0 || identifiers.length > NAMES_MAX) {
    throw acmeErrors.ACME_MALFORMED(`An order has 1 to ${NAMES_MAX} identifiers`);
  }
  const names = identifiers.map((identifier: Json) => {
    const { type, value } = (identifier ?? {}) as { readonly type?: Json; readonly value?: Json };
    if (typeof type !== 'string' || typeof value !== 'string') {
      throw acmeErrors.ACME_MALFORMED('An identifier has a type and a value');
    }
    if (type !== 'dns') throw acmeErrors.ACME_UNSUPPORTED_IDENTIFIER();
    if (value.length > NAME_LENGTH_MAX) throw acmeErrors.ACME_MALFORMED('A name has at most 253 characters');
    return value.toLowerCase();
  });
  return [...new Set(names)];
}

/** What is to be proven about a name of an order. */
export const wantedName = (name: string): WantedName =>
  name.startsWith(WILDCARD) ? { name: name.slice(WILDCARD.length), wildcard: true } : { name, wildcard: false };

/**
 * Rejects what the authority would not certify for the service, each name with its reason as a subproblem (§6.7.1).
 * @param objections to each name
 * @throws ACME_REJECTED_IDENTIFIER
 */
export function requireNoObjection(objections: ReadonlyMap<string, readonly string[]>): void {
  const subproblems = [...objections]
    .filter(([, details]) => details.length > 0)
    .map(([value, details]) => ({
      type: acmeType('rejectedIdentifier'),
      detail: details.join('; '),
      identifier: { type: 'dns', value },
    }));
  if (subproblems.length === 0) return;
  const [first] = subproblems;
  const detail = subproblems.length === 1 ? first!.detail : `${subproblems.length} identifiers are rejected`;
  throw acmeErrors.ACME_REJECTED_IDENTIFIER({ detail, extensions: { subproblems } });
}

/**
 * A request has exactly the names of its order (RFC 8555 §7.4): as alternative names, or as the common name.
 * @throws ACME_BAD_CSR
 */
export function requireNamesOf(request: CertificateRequest, names: readonly string[]): void {
  const foreign = request.subjectAlternativeNames.find(({ kind }) => kind !== 'dns');
  if (foreign) throw acmeErrors.ACME_BAD_CSR(`The order has no alternative name of the kind ${foreign.kind}`);
  const commonNames = request.subject.filter(({ type }) => type === 'commonName').map(({ value }) => value);
  const alternative = request.subjectAlternativeNames.map(({ value }) => value);
  const asked = new Set([...commonNames, ...alternative].map((name) => name.toLowerCase()));
  const isSame = asked.size === names.length && names.every((name) => asked.has(name));
  if (!isSame) throw acmeErrors.ACME_BAD_CSR('The request does not have exactly the names of the order');
  if (alternative.length === 0) throw acmeErrors.ACME_BAD_CSR('The request has no alternative names');
}
