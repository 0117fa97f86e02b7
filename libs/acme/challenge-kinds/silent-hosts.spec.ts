import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { ValidationPaths } from './challenge-kind.js';
import { dns01 } from './dns-01.js';
import { http01 } from './http-01.js';

/** Without this limit the tests do not end. */
const WITHIN_MILLISECONDS = 100;
const facts = { name: 'silent.internal', token: 'token', keyAuthorization: 'token.thumbprint' };
const sockets: Socket[] = [];
let server: Server;
let paths: ValidationPaths;

beforeAll(async () => {
  server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  paths = {
    networks: ['127.0.0.1/32'],
    httpPort: (server.address() as AddressInfo).port,
    resolve: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    texts: () => new Promise(() => undefined),
    withinMilliseconds: WITHIN_MILLISECONDS,
  };
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

it('a host that accepts the connection and is silent does not hold the validation of http-01', async () => {
  const problem = { problem: 'connection', detail: 'There was no whole answer in time' };
  expect(await http01.validate(facts, paths)).toEqual(problem);
  expect(sockets).toHaveLength(1);
});

it('a DNS server that is silent does not hold the validation of dns-01', async () => {
  const problem = { problem: 'dns', detail: 'The DNS servers did not answer' };
  expect(await dns01.validate(facts, paths)).toEqual(problem);
});
