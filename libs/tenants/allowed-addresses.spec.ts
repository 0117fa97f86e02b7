import { describe, expect, it } from 'vitest';

import { isAddressAllowed, isCidr } from './allowed-addresses.js';

describe('a network in CIDR notation', () => {
  it.each([
    '10.0.0.0/8',
    '0.0.0.0/0',
    '192.0.2.7/32',
    '192.0.2.7/24',
    '::/0',
    '2001:db8::/32',
    '2001:DB8::1/128',
    'fe80::/10',
    '::ffff:10.0.0.0/104',
  ])('%s is a network in CIDR notation', (text) => expect(isCidr(text)).toBe(true));

  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8 ',
    ' 10.0.0.0/8',
    '10.0.0.0/8\n',
    '10.0.0.0/8/8',
    '10.0.0.0/0x8',
    '10.0.0.0/1e1',
    '10.0.0/8',
    '10.0.0.256/8',
    '010.0.0.0/8',
    '0x0a.0.0.0/8',
    '2001:db8::/129',
    '2001:db8::/1000',
    '2001:db8:::/32',
    'fe80::1%eth0/64',
    '[::]/0',
    'example.com/8',
    '٣.0.0.0/8',
    `${'1'.repeat(100)}/8`,
  ])('%j is no network in CIDR notation', (text) => expect(isCidr(text)).toBe(false));
});

describe('a call is allowed', () => {
  it.each<[address: string | null, cidrs: readonly string[], boolean]>([
    ['203.0.113.7', [], true],
    [null, [], true],
    ['not an address', [], true],
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['10.255.255.255', ['10.0.0.0/8'], true],
    ['192.0.2.7', ['192.0.2.7/32'], true],
    ['192.0.2.8', ['192.0.2.7/32'], false],
    // The bits beyond the prefix do not count.
    ['192.0.2.200', ['192.0.2.7/24'], true],
    ['203.0.113.7', ['0.0.0.0/0'], true],
    ['10.0.0.1', ['192.0.2.0/24', '10.0.0.0/8'], true],
    ['2001:db8::1', ['2001:db8::/32'], true],
    ['2001:DB8:0:0:0:0:0:1', ['2001:db8::1/128'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['::1', ['::/0'], true],
    // IPv4 lies within ::/0, as ::ffff:0:0/96 does; no other network of one family says anything about the other.
    ['10.0.0.1', ['::/0'], true],
    ['10.0.0.1', ['2001:db8::/32', '::/96'], false],
    ['2001:db8::1', ['0.0.0.0/0'], false],
    // An IPv4 address on an IPv6 socket is the IPv4 address.
    ['::ffff:10.0.0.1', ['10.0.0.0/8'], true],
    ['::FFFF:10.0.0.1', ['10.0.0.0/8'], true],
    ['::ffff:11.0.0.1', ['10.0.0.0/8'], false],
    ['::ffff:0a00:1', ['10.0.0.0/8'], true],
    ['::ffff:10.0.0.1', ['::ffff:10.0.0.0/104'], true],
    // An address that cannot be parsed is not allowed.
    [null, ['0.0.0.0/0', '::/0'], false],
    ['', ['0.0.0.0/0'], false],
    ['unknown', ['0.0.0.0/0', '::/0'], false],
    ['10.0.0.1:443', ['10.0.0.0/8'], false],
    ['10.0.0.1, 10.0.0.2', ['10.0.0.0/8'], false],
    ['::ffff:999.0.0.1', ['::/0', '0.0.0.0/0'], false],
    ['10.0.0.1', ['nonsense'], false],
  ])('a call from %j is allowed by %j: %s', (address, cidrs, expected) => {
    expect(isAddressAllowed(cidrs, address)).toBe(expected);
  });
});
