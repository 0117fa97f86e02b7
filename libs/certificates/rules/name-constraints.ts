import type { NameConstraints } from '../extensions.js';
import { type GeneralName, addressOctets } from '../names.js';

/**
 * The names that the constraints do not permit (RFC 5280 §4.2.1.10, §6.1.4): each kind that has permitted subtrees must lie in
 * one of them, and nothing may lie in an excluded one. Kinds that the constraints do not mention are free.
 */
export const constrainedNames = (
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): GeneralName[] =>
  names.filter((name) => {
    const ofKind = (subtrees: readonly GeneralName[]): readonly GeneralName[] =>
      subtrees.filter(({ kind }) => kind === name.kind);
    const within = ({ value }: GeneralName): boolean => isWithin(name, value);
    const allowed = ofKind(permitted);
    return (allowed.length > 0 && !allowed.some(within)) || ofKind(excluded).some(within);
  });

function isWithin({ kind, value }: GeneralName, subtree: string): boolean {
  if (kind === 'dns') return isDomainWithin(value, subtree);
  if (kind === 'uri') return isHostWithin(hostOf(value), subtree);
  if (kind === 'email') return isMailboxWithin(value, subtree);
  if (kind === 'ip') return isAddressWithin(value, subtree);
  return value === subtree;
}

/** Whether a DNS name is the domain or lies below it. A leading dot means the same (as OpenSSL reads it for DNS). */
export function isDomainWithin(name: string, domain: string): boolean {
  const [lowerName, lowerDomain] = [name.toLowerCase(), domain.toLowerCase().replace(/^\./, '')];
  return lowerDomain === '' || lowerName === lowerDomain || lowerName.endsWith(`.${lowerDomain}`);
}

/** For URIs and mail a leading dot means hosts below the domain, and no dot means that host alone. */
const isHostWithin = (host: string, subtree: string): boolean =>
  subtree.startsWith('.')
    ? host.toLowerCase().endsWith(subtree.toLowerCase())
    : host.toLowerCase() === subtree.toLowerCase();

const hostOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).hostname : '');

const isMailboxWithin = (mailbox: string, subtree: string): boolean =>
  subtree.includes('@') ? mailbox === subtree : isHostWithin(mailbox.slice(mailbox.lastIndexOf('@') + 1), subtree);

function isAddressWithin(address: string, range: string): boolean {
  const octets = addressOctets(address);
  const network = addressOctets(range);
  if (network.length !== 2 * octets.length) return false;
  return octets.every((octet, index) => (octet & network[octets.length + index]!) === network[index]);
}
