import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

import { type InputError, coreErrors } from '#core';

/** To where this installation sends what a tenant names. */
export interface DestinationPolicy {
  /** Networks in CIDR notation that are not public, and may be reached nevertheless. */
  readonly networks: readonly string[];
  /** Whether `http:` is accepted beside `https:`. */
  readonly plainHttp: boolean;
}

/** Global unicast as IANA assigns it (RFC 4291 §2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is a public one: neither loopback, private, link-local, multicast nor reserved (RFC 6890), and no
 * IPv6 address that carries an IPv4 address (RFC 4291 §2.5.5, RFC 6052, RFC 3056, RFC 4380).
 */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}

/** Whether a request may go to this address. @param address as a resolver or a socket gives it */
export function isReachable(address: string, { networks }: DestinationPolicy): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  if (isPublic(parsed)) return true;
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', prefix] = network.split('/');
    const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(base, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return list.check(parsed.toString(), parsed.kind());
}

/** The addresses of a name to which a request may go. */
export const reachable = (addresses: readonly LookupAddress[], policy: DestinationPolicy): LookupAddress[] =>
  addresses.filter(({ address }) => isReachable(address, policy));

/** The host of a URL as a resolver takes it: an IPv6 address without its brackets (RFC 3986 §3.2.2). */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

const problemOf = (text: string, policy: DestinationPolicy): Pick<InputError, 'code' | 'detail'> | undefined => {
  const url = URL.parse(text);
  const schemes = policy.plainHttp ? ['https:', 'http:'] : ['https:'];
  if (!url || !schemes.includes(url.protocol)) {
    return { code: 'INVALID_URL', detail: `a URL that starts with ${schemes.join(' or ')} is expected` };
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return { code: 'INVALID_URL', detail: 'a URL without user information and fragment is expected' };
  }
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isReachable(host, policy)) {
    return { code: 'ADDRESS_NOT_ALLOWED', detail: 'this installation sends nothing to that address' };
  }
  return undefined;
};

/**
 * What can be known of a URL before its name is resolved; the addresses of the name are checked at each connection.
 * @param pointer where the URL is in the request body (RFC 6901)
 * @throws VALIDATION_ERROR
 */
export function requireDestination(url: string, policy: DestinationPolicy, pointer = '/url'): void {
  const problem = problemOf(url, policy);
  if (problem) throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer, ...problem }] });
}
