import type { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { sourceAddressOf } from './source-address.js';

describe('the source address of a request', () => {
  const of = (ip: string | undefined, remoteAddress?: string) =>
    sourceAddressOf({ ip: ip as string, socket: { remoteAddress } as Socket });

  it('the source address of a request is that of its connection, or what a trusted proxy says', () => {
    expect([of('192.0.2.1', '10.0.0.1'), of('unknown', '10.0.0.1')]).toEqual(['192.0.2.1', 'unknown']);
  });

  it('a request whose caller closed its connection before it was accepted is no failure of the server', () => {
    expect(() => of(undefined)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
    expect(() => of('', '10.0.0.1')).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }));
  });
});
