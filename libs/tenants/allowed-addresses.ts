import { BlockList, isIP, isIPv4 } from 'node:net';

import { type InputError, coreErrors } from '#core';

const CIDR = /^(?<address>[0-9A-Fa-f:.]{2,45})\/(?<prefix>\d{1,3})$/;
const MAPPED_IPV4 = /^::ffff:(?<address>\d+\.\d+\.\d+\.\d+)$/i;

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parse(cidr: string): Network | undefined {
  const groups = CIDR.exec(cidr)?.groups;
  const address = groups?.['address'] ?? '';
  const version = isIP(address);
  const prefix = Number(groups?.['prefix']);
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether the text is a network in CIDR notation (RFC 4632, RFC 4291 §2.3): `10.0.0.0/8`, `2001:db8::/32`. */
export const isCidr = (text: string): boolean => parse(text) !== undefined;

/**
 * Whether a call from `address` is allowed by `cidrs`; an empty list allows every address. An IPv4 address that arrives
 * on an IPv6 socket (`::ffff:10.0.0.1`) is the IPv4 address. An unknown address is allowed only by the empty list.
 */
export function isAddressAllowed(cidrs: readonly string[], address: string | null): boolean {
  if (cidrs.length === 0) return true;
  const plain = address === null ? '' : (MAPPED_IPV4.exec(address)?.groups?.['address'] ?? address);
  if (isIP(plain) === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const network = parse(cidr);
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  }
  return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

/**
 * @param pointer where the list is in the request body (RFC 6901)
 * @throws VALIDATION_ERROR that lists each invalid item
 */
export function requireCidrs(cidrs: readonly string[], pointer = '/allowedCidrs'): void {
  const errors = cidrs.flatMap((cidr, index): InputError[] =>
    isCidr(cidr)
      ? []
      : [
          {
            pointer: `${pointer}/${index}`,
            code: 'INVALID_CIDR',
            detail: 'a network such as 10.0.0.0/8 is expected',
          },
        ],
  );
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}
