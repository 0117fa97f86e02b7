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
  it('tell where the caller stands, refuse beyond the quota, and open again', async () => {
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

  it('count each policy for itself, and do not count services', async () => {
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

describe('a route that declares no access', () => {
  @Controller('v1/open')
  class ForgottenController {
    @Get()
    read() {
      return {};
    }
  }

  it('stops the start', async () => {
    await expect(startFixture({ controllers: [ForgottenController] })).rejects.toThrow('ForgottenController.read');
  });
});
