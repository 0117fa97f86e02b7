import ipaddr from 'ipaddr.js';

/** RFC 6177 §2: a site gets at least a /64, and one host can use all its addresses. */
const IPV6_PREFIX = 64;

/** `203.0.113.7:4711` and `[2001:db8::1]:4711`, as some proxies write `X-Forwarded-For`. */
const WITH_PORT = /^(?:\[(?<bracketed>[0-9A-Fa-f:.]+)\]|(?<plain>\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/;
const ADDRESS_CHARACTERS_MAX = 100;

/**
 * Reads the address of a peer as a socket or `X-Forwarded-For` gives it. An IPv4 address that arrived on an IPv6 socket
 * (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is the IPv4 address; ports and zones are dropped.
 * @returns the address in its canonical form (RFC 5952), or `undefined` where the text is none
 */
export function parseSourceAddress(text: string | null | undefined): string | undefined {
  if (typeof text !== 'string' || text.length > ADDRESS_CHARACTERS_MAX) return undefined;
  const known = recent.get(text);
  if (known !== undefined) return known ?? undefined;
  const address = parse(text);
  if (recent.size >= RECENT_MAX) recent.clear();
  recent.set(text, address ?? null);
  return address;
}

/** Cache of parsed addresses: each request reads its own several times, and most come from few addresses. */
const recent = new Map<string, string | null>();
const RECENT_MAX = 5_000;

function parse(text: string): string | undefined {
  const groups = WITH_PORT.exec(text)?.groups;
  const bare = groups?.['bracketed'] ?? groups?.['plain'] ?? text.split('%', 1)[0]!;
  // Only the four-part form: `ipaddr.js` also reads `0x7f.1` and `2130706433`, as the C library does.
  if (!ipaddr.IPv6.isValid(bare) && !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined;
  return ipaddr.process(bare).toString();
}

/**
 * The source of attempts for counting: an IPv4 address, or the /64 of an IPv6 address.
 * @returns `undefined` where the text is no address
 */
export function networkOf(address: string | null | undefined): string | undefined {
  const canonical = parseSourceAddress(address);
  if (canonical === undefined || !canonical.includes(':')) return canonical;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${canonical}/${IPV6_PREFIX}`).toString()}/${IPV6_PREFIX}`;
}
