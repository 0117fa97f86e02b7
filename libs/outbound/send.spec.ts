import type { LookupAddress, LookupOptions } from 'node:dns';
import { type AddressInfo, createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { guardedLookup, send } from './send.js';

const POLICY = { networks: [], plainHttp: true };

/** What a connection would be made to, where the name resolves to these addresses. */
const resolved = (addresses: readonly string[], options: LookupOptions) => {
  const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
  const lookup = guardedLookup(POLICY, (_, __, callback) => callback(null, found));
  return new Promise((resolve) => {
    lookup('example.com', options, (error, address, family) => resolve(error ? error.name : { address, family }));
  });
};

describe('the look-up of a connection', () => {
  it('the look-up of a connection gives public addresses only, however many it is asked for', async () => {
    const mixed = ['10.0.0.1', '8.8.8.8', '::1', '2a00:1450:4001:82a::200e'];
    expect(await resolved(mixed, { all: true })).toMatchObject({
      address: [{ address: '8.8.8.8' }, { address: '2a00:1450:4001:82a::200e' }],
    });
    expect(await resolved(mixed, {})).toEqual({ address: '8.8.8.8', family: 4 });
  });

  it('the look-up of a connection fails where a name leads to private addresses only', async () => {
    expect(await resolved(['127.0.0.1', 'fd00::1'], { all: true })).toBe('AddressNotAllowed');
    expect(await resolved([], {})).toBe('AddressNotAllowed');
  });
});

/** What becomes of a request to a server that writes these bytes. */
async function answeredBy(bytes: string): Promise<object> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const request = { url: `http://127.0.0.1:${port}`, method: 'POST', headers: {}, body: '{}' };
    return await send(
      { ...request, bodyBytesMax: 0, withinMilliseconds: 5_000 },
      { ...POLICY, networks: ['127.0.0.0/8'] },
    );
  } finally {
    server.close();
  }
}

describe('a request', () => {
  it.each<[string, string, object]>([
    ['a change of protocol', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', { status: 101 }],
    ['no HTTP', 'hello\r\n\r\n', { error: 'CONNECTION_FAILED' }],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(10_000)}`, { error: 'CONNECTION_FAILED' }],
    ['a body without end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { status: 200 }],
  ])('a request that is answered by %s ends', async (_, bytes, outcome) => {
    expect(await answeredBy(bytes)).toMatchObject(outcome);
  });

  it.each([
    ['http://127.0.0.1:9/', POLICY, 'ADDRESS_NOT_ALLOWED'],
    ['http://[::1]:9/', POLICY, 'ADDRESS_NOT_ALLOWED'],
    ['http://localhost:9/', POLICY, 'ADDRESS_NOT_ALLOWED'],
    ['http://8.8.8.8/', { ...POLICY, plainHttp: false }, 'ADDRESS_NOT_ALLOWED'],
    ['http://127.0.0.1:9/', { ...POLICY, networks: ['127.0.0.0/8'] }, 'CONNECTION_FAILED'],
    ['http://n1.a.1:80/', POLICY, 'NAME_NOT_FOUND'],
  ])('a request to %s by the policy %j ends with %s', async (url, policy, error) => {
    const request = { url, method: 'POST', headers: {}, body: '', bodyBytesMax: 0, withinMilliseconds: 5_000 };
    expect(await send(request, policy)).toEqual({ error });
  });
});
