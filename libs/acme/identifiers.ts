import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

import type { Json } from '#core';
import type { CertificateRequest } from '#pki';

import { acmeErrors, acmeType } from './errors.js';

/** Names of one order. */
const NAMES_MAX = 50;
const NAME_LENGTH_MAX = 253;
const WILDCARD = '*.';

/** What is to be proven about one name of an order. */
interface WantedName {
  /** Without the label of a wildcard. */
  readonly name: string;
  readonly wildcard: boolean;
}

/** A name as the protocol writes it: DNS names and addresses are told apart by their form (RFC 8555 §9.7.7, RFC 8738 §2). */
export const identifierOf = (value: string): { readonly type: 'dns' | 'ip'; readonly value: string } => ({
  type: isIP(value) === 0 ? 'dns' : 'ip',
  value,
});

/**
 * The DNS names, in lower case, and IP addresses of an order, each once (RFC 8555 §7.1.3, §7.4).
 * @throws ACME_MALFORMED, ACME_UNSUPPORTED_IDENTIFIER, ACME_REJECTED_IDENTIFIER for an address instead of a DNS name
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
    if (type === 'ip') return addressIn(value);
    if (type !== 'dns') throw acmeErrors.ACME_UNSUPPORTED_IDENTIFIER();
    if (isIP(value) !== 0) throw rejected([{ details: ['An address is an identifier of the type ip'], type, value }]);
    if (value.length > NAME_LENGTH_MAX) throw acmeErrors.ACME_MALFORMED('A name has at most 253 characters');
    return value.toLowerCase();
  });
  return [...new Set(names)];
}

/** An address in its one form: dotted decimal, or that of RFC 5952 (RFC 8738 §2). @throws ACME_MALFORMED */
function addressIn(value: string): string {
  if (isIP(value) !== 0 && !value.includes('%') && canonicalAddress(value) === value) return value;
  throw acmeErrors.ACME_MALFORMED('An address is dotted decimal, or an IPv6 address in the form of RFC 5952');
}

function canonicalAddress(address: string): string {
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString();
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
  const found = [...objections].filter(([, details]) => details.length > 0);
  if (found.length > 0) throw rejected(found.map(([value, details]) => ({ ...identifierOf(value), details })));
}

interface RejectedIdentifier {
  readonly type: string;
  readonly value: string;
  readonly details: readonly string[];
}

function rejected(identifiers: readonly RejectedIdentifier[]): Error {
  const subproblems = identifiers.map(({ details, ...identifier }) => ({
    type: acmeType('rejectedIdentifier'),
    detail: details.join('; '),
    identifier,
  }));
  const [first] = subproblems;
  const detail = subproblems.length === 1 ? first!.detail : `${subproblems.length} identifiers are rejected`;
  return acmeErrors.ACME_REJECTED_IDENTIFIER({ detail, extensions: { subproblems } });
}

/** A name in the one form that orders have. */
export const canonicalName = (name: string): string => (isIP(name) === 0 ? name.toLowerCase() : canonicalAddress(name));

/**
 * A request has exactly the names of its order (RFC 8555 §7.4): as alternative names, or as the common name.
 * @throws ACME_BAD_CSR
 */
export function requireNamesOf(request: CertificateRequest, names: readonly string[]): void {
  const foreign = request.subjectAlternativeNames.find(({ kind }) => kind !== 'dns' && kind !== 'ip');
  if (foreign) throw acmeErrors.ACME_BAD_CSR(`The order has no alternative name of the kind ${foreign.kind}`);
  const commonNames = request.subject.filter(({ type }) => type === 'commonName').map(({ value }) => value);
  // An address instead of a DNS name is another name (RFC 8738 §5).
  const alternative = request.subjectAlternativeNames.map(({ kind, value }) =>
    kind === identifierOf(value).type ? value : `${kind}:${value}`,
  );
  const asked = new Set([...commonNames, ...alternative].map(canonicalName));
  const isSame = asked.size === names.length && names.every((name) => asked.has(name));
  if (!isSame) throw acmeErrors.ACME_BAD_CSR('The request does not have exactly the names of the order');
  if (alternative.length === 0) throw acmeErrors.ACME_BAD_CSR('The request has no alternative names');
}
