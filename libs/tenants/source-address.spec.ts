import { describe, expect, it } from 'vitest';

import { networkOf, parseSourceAddress } from './source-address.js';

describe('parseSourceAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:0DB8:0000::0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('parseSourceAddress reads %s as %s', (text, address) => {
    expect(parseSourceAddress(text)).toBe(address);
  });

  it.each([undefined, null, '', 'unknown', '_hidden', 'localhost', '192.0.2', '256.0.2.1', '0x7f.0.0.1', '2130706433'])(
    'parseSourceAddress reads %s as no address',
    (text) => {
      expect(parseSourceAddress(text)).toBeUndefined();
    },
  );

  it.each([':::', '2001:db8::1::2', '192.0.2.1, 192.0.2.2', '1'.repeat(1_000_000)])(
    'parseSourceAddress reads case %# as no address',
    (text) => {
      expect(parseSourceAddress(text)).toBeUndefined();
    },
  );
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::', '2001:db8:1:3::/64'],
    ['unknown', undefined],
  ])('networkOf counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
