import { describe, expect, it } from 'vitest';

import { isReachable, reachable, requireDestination } from './destination.js';

const PUBLIC = { networks: [], plainHttp: false };
const INTERNAL = { networks: ['10.20.0.0/16', 'fd00:1::/32', '127.0.0.1'], plainHttp: true };

describe('the destination of a request', () => {
  it.each(['192.0.1.1', '8.8.8.8', '172.15.0.1', '2a00:1450:4001:82a::200e', '::ffff:8.8.8.8'])(
    'the destination of a request may be the public address %s',
    (address) => {
      expect(isReachable(address, PUBLIC)).toBe(true);
    },
  );

  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['unspecified', '::'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['shared, RFC 6598', '100.64.0.1'],
    ['link-local, with the metadata of clouds', '169.254.169.254'],
    ['link-local', 'fe80::1'],
    ['unique local', 'fd12:3456::1'],
    ['documentation', '192.0.2.1'],
    ['documentation', '2001:db8::1'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped', '::ffff:7f00:1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['no address', 'localhost'],
    ['a number', '2130706433'],
  ])('the destination of a request is not the address of %s: %s', (_, address) => {
    expect(isReachable(address, PUBLIC)).toBe(false);
  });

  it.each([
    ['10.20.3.4', true],
    ['10.21.3.4', false],
    ['::ffff:10.20.3.4', true],
    ['fd00:1::7', true],
    ['fd00:2::7', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
  ])('the destination of a request in a network that the operator allows: %s, %s', (address, expected) => {
    expect(isReachable(address, INTERNAL)).toBe(expected);
  });

  it('the destination of a request is chosen among the addresses of its name that may be reached', () => {
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '8.8.8.8', family: 4 },
    ];
    expect(reachable(addresses, PUBLIC)).toEqual([addresses[1]]);
  });
});

describe('the URL of a webhook', () => {
  it.each(['https://example.com/hook?x=1', 'https://example.com:8443', 'https://8.8.8.8/'])(
    'the URL of a webhook is accepted: %s',
    (url) => {
      expect(() => requireDestination(url, PUBLIC)).not.toThrow();
    },
  );

  it.each([
    ['http://example.com/', 'INVALID_URL'],
    ['ftp://example.com/', 'INVALID_URL'],
    ['file:///etc/passwd', 'INVALID_URL'],
    ['example.com', 'INVALID_URL'],
    ['https://user:secret@example.com/', 'INVALID_URL'],
    ['https://example.com/#part', 'INVALID_URL'],
    ['https://127.0.0.1/', 'ADDRESS_NOT_ALLOWED'],
    ['https://0x7f.1/', 'ADDRESS_NOT_ALLOWED'],
    ['https://2130706433/', 'ADDRESS_NOT_ALLOWED'],
    ['https://[::1]/', 'ADDRESS_NOT_ALLOWED'],
    ['https://[::ffff:169.254.169.254]/', 'ADDRESS_NOT_ALLOWED'],
  ])('the URL of a webhook is rejected: %s, %s', (url, code) => {
    expect(() => requireDestination(url, PUBLIC)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/url', code })] }),
    );
  });

  it('the URL of a webhook may begin with http: and name a private address where the operator allows both', () => {
    expect(() => requireDestination('http://10.20.0.1:8080/hook', INTERNAL)).not.toThrow();
  });
});
