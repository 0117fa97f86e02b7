import type { NameConstraints } from '../x509/extensions.js';
import { type GeneralName, type ReadAttribute, addressOctets, formatName } from '../x509/names.js';

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
  return kind === 'directory' ? isNameWithin(value, subtree) : value === subtree;
}

/** In RFC 4514 the general end of a name comes last; a comma behind a backslash belongs to a value. */
function isNameWithin(name: string, subtree: string): boolean {
  const [lowerName, lowerSubtree] = [name.toLowerCase(), subtree.toLowerCase()];
  if (lowerName === lowerSubtree || lowerSubtree === '') return true;
  const before = lowerName.slice(0, -lowerSubtree.length - 1);
  return lowerName.endsWith(`,${lowerSubtree}`) && /(^|[^\\])(\\\\)*$/.test(before);
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

/** Whether an IP address lies in a network (`10.0.0.0/8`). @throws DerError for what is none of both */
export function isAddressWithin(address: string, range: string): boolean {
  const octets = addressOctets(address);
  const network = addressOctets(range);
  if (network.length !== 2 * octets.length) return false;
  return octets.every((octet, index) => (octet & network[octets.length + index]!) === network[index]);
}

/** RFC 1123 §2.1 with a dot: a verifier takes such a common name for a host, as OpenSSL does. */
const HOST = /^(?=.{1,253}$)([a-z0-9*]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * The names in a subject that constraints are held against: itself, its mail addresses (RFC 5280 §4.2.1.10), and a common name
 * that looks like a host.
 */
export const namesOfSubject = (subject: readonly ReadAttribute[]): GeneralName[] => {
  if (subject.length === 0) return [];
  const whole: GeneralName = { kind: 'directory', value: formatName(subject) };
  return [
    whole,
    ...subject.flatMap(({ type, value }): GeneralName[] => {
      if (type === 'emailAddress') return [{ kind: 'email', value }];
      return type === 'commonName' && HOST.test(value) ? [{ kind: 'dns', value }] : [];
    }),
  ];
};
