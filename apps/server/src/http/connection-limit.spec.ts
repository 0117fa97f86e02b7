import { describe, expect, it } from 'vitest';
import { ConnectionCounts } from './connection-limit.js';

describe('ConnectionCounts', () => {
  it('ConnectionCounts admits as many connections of an address as it may have, and of others as many again', () => {
    const counts = new ConnectionCounts({ perAddress: 2, exempt: [] });
    const [first, second] = [counts.admit('192.0.2.1'), counts.admit('::ffff:192.0.2.1')];
    expect(counts.admit('192.0.2.1')).toBeUndefined();
    expect(counts.admit('192.0.2.2')).toBeDefined();
    first!();
    expect(counts.admit('192.0.2.1')).toBeDefined();
    expect(counts.admit('192.0.2.1')).toBeUndefined();
    second!();
  });

  it('ConnectionCounts counts an IPv6 /64 as one address', () => {
    const counts = new ConnectionCounts({ perAddress: 1, exempt: [] });
    expect(counts.admit('2001:db8::1')).toBeDefined();
    expect(counts.admit('2001:db8::2')).toBeUndefined();
    expect(counts.admit('2001:db8:0:1::1')).toBeDefined();
  });

  it('ConnectionCounts keeps nothing of addresses without an open connection', () => {
    const counts = new ConnectionCounts({ perAddress: 2, exempt: [] });
    const closes = Array.from({ length: 100 }, (_, index) => counts.admit(`192.0.2.${index}`)!);
    expect(counts.size).toBe(100);
    for (const close of closes) close();
    expect(counts.size).toBe(0);
  });

  it.each(['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::5', '::1'])(
    'ConnectionCounts exempts %s',
    (address) => {
      const counts = new ConnectionCounts({
        perAddress: 1,
        exempt: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'],
      });
      for (let open = 0; open < 5; open += 1) expect(counts.admit(address)).toBeDefined();
      expect(counts.size).toBe(0);
      expect([counts.admit('198.51.100.1'), counts.admit('198.51.100.1')]).toEqual([expect.any(Function), undefined]);
    },
  );

  it('ConnectionCounts does not count a connection that is closed already', () => {
    const counts = new ConnectionCounts({ perAddress: 1, exempt: [] });
    expect([counts.admit(undefined), counts.admit(undefined)]).toEqual([expect.any(Function), expect.any(Function)]);
  });
});
