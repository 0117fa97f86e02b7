import { request as httpRequest } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '#core';
import { type Fixture, startFixture } from './fixture.js';

let shell: Fixture;
beforeAll(async () => {
  shell = await startFixture({ quotas: { login: 2, admin: 3, public: 100 } });
});
afterAll(() => shell.app.close());

const login = () => shell.app.inject({ method: 'POST', url: '/v1/login' });
const me = () => shell.app.inject({ url: '/v1/me', headers: { authorization: 'Bearer ada' } });

describe('rate limits', () => {
  it('rate limits tell what is left, reject beyond the quota, and admit again', async () => {
    expect((await login()).headers).toMatchObject({
      ratelimit: '"login";r=1;t=60',
      'ratelimit-policy': '"login";q=2;w=60',
    });
    shell.clock.advance(20 * SECOND);
    expect((await login()).headers.ratelimit).toBe('"login";r=0;t=40');
    const refused = await login();
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({ 'retry-after': '40', ratelimit: '"login";r=0;t=40' });
    expect(refused.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    shell.clock.advance(MINUTE);
    expect((await login()).statusCode).toBe(201);
  });

  it('rate limits count each policy for itself, and do not count services', async () => {
    for (const remaining of [2, 1, 0]) expect((await me()).headers.ratelimit).toBe(`"admin";r=${remaining};t=60`);
    expect((await me()).statusCode).toBe(429);
    expect((await shell.app.inject('/v1/facts')).headers.ratelimit).toBe('"public";r=99;t=60');
    const sign = await shell.app.inject({
      method: 'POST',
      url: '/v1/sign',
      headers: { 'x-service-key': 'csk_fixture' },
    });
    expect([sign.statusCode, sign.headers.ratelimit]).toEqual([201, undefined]);
  });
});

describe('the source address that calls are counted by', () => {
  let proxied: Fixture;
  beforeAll(async () => {
    proxied = await startFixture({ quotas: { login: 2, public: 100 }, trustedProxies: ['127.0.0.1', '127.0.0.9'] });
  });
  afterAll(() => proxied.app.close());

  const loginFrom = async (address: string) => {
    const headers = { 'x-forwarded-for': address };
    return (await proxied.app.inject({ method: 'POST', url: '/v1/login', headers })).statusCode;
  };
  const loginsFrom = async (...addresses: string[]) => {
    const statuses: number[] = [];
    for (const address of addresses) statuses.push(await loginFrom(address));
    return statuses;
  };

  it('the source address that calls are counted by is the one that a trusted proxy forwards: one that is over its quota holds up no other', async () => {
    expect(await loginsFrom('192.0.2.1', '192.0.2.1', '192.0.2.1')).toEqual([201, 201, 429]);
    expect(await loginsFrom('192.0.2.2', '192.0.2.2', '192.0.2.2')).toEqual([201, 201, 429]);
  });

  it('the source address that calls are counted by is a /64 network for IPv6, and the same for an IPv4 address in each of its forms', async () => {
    expect(await loginsFrom('2001:db8::1', '2001:db8::2', '2001:db8::3')).toEqual([201, 201, 429]);
    expect(await loginsFrom('2001:db8:0:1::1')).toEqual([201]);
    expect(await loginsFrom('192.0.2.3', '::ffff:192.0.2.3', '192.0.2.3:4711')).toEqual([201, 201, 429]);
  });

  it('the source address that calls are counted by is that of the connection where no proxy is trusted, or none is in between', async () => {
    const loginOver = (localAddress: string, port: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, localAddress, method: 'POST', path: '/v1/login', agent: false };
        const sent = httpRequest({ ...options, headers: { 'x-forwarded-for': '192.0.2.77' } }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode!));
        });
        sent.on('error', reject).end();
      });
    const direct = await startFixture({ quotas: { login: 1 } });
    try {
      for (const { port } of [direct, proxied]) {
        const quota = port === direct.port ? 1 : 2;
        for (const address of ['127.0.0.2', '127.0.0.3']) {
          for (let call = 0; call < quota; call += 1) expect(await loginOver(address, port)).toBe(201);
          expect(await loginOver(address, port)).toBe(429);
        }
      }
    } finally {
      await direct.app.close();
    }
  });

  it('the source address that calls are counted by is an error where it is unknown, which the log names, and never a window that callers share', async () => {
    proxied.log.length = 0;
    expect(await loginsFrom('unknown', 'unknown', 'unknown', 'hidden')).toEqual([500, 500, 500, 500]);
    expect(proxied.log.join('')).toContain('no source address');
    const answer = await proxied.app.inject({ url: '/v1/facts', headers: { 'x-forwarded-for': 'unknown' } });
    expect([answer.statusCode, answer.json()]).toMatchObject([500, { code: 'INTERNAL_ERROR' }]);
    expect(answer.body).not.toContain('address');
  });
});

describe('a route that declares no access', () => {
  @Controller('v1/open')
  class ForgottenController {
    @Get()
    read() {
      return {};
    }
  }

  it('a route that declares no access stops the start', async () => {
    await expect(startFixture({ controllers: [ForgottenController] })).rejects.toThrow('ForgottenController.read');
  });
});
