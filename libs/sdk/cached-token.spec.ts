import { describe, expect, it } from 'vitest';

import { type ObtainedToken, cachedToken } from './cached-token.js';

/** A source of tokens of ten minutes, and a clock that a test moves. */
function source({ lifetimeSeconds = 600 } = {}) {
  const state = { now: 1_700_000_000_000, asked: 0, fails: false };
  const obtain = async (): Promise<ObtainedToken> => {
    state.asked += 1;
    if (state.fails) throw new Error('unreachable');
    return {
      token: `token ${state.asked}`,
      expiresAt: state.now + lifetimeSeconds * 1_000,
    };
  };
  const later = (seconds: number) => (state.now += seconds * 1_000);
  return { state, later, token: cachedToken(obtain, { now: () => state.now }) };
}

describe('cachedToken', () => {
  it('callers at the same time share one request', async () => {
    const { state, token } = source();
    expect(await Promise.all([token(), token(), token()])).toEqual(['token 1', 'token 1', 'token 1']);
    expect(state.asked).toBe(1);
  });

  it('a token is kept until a minute before its end, then replaced while it is still returned', async () => {
    const { later, token } = source();
    await token();
    later(539);
    expect(await token()).toBe('token 1');
    later(1);
    expect(await token()).toBe('token 1');
    expect(await token()).toBe('token 2');
  });

  it('a token that is short is replaced when half of it is over', async () => {
    const { state, later, token } = source({ lifetimeSeconds: 20 });
    await token();
    later(9);
    await token();
    expect(state.asked).toBe(1);
    later(1);
    await token();
    expect(state.asked).toBe(2);
  });

  it('a failure is told only after the present token has ended', async () => {
    const { state, later, token } = source();
    await token();
    state.fails = true;
    later(599);
    expect(await token()).toBe('token 1');
    later(1);
    await expect(token()).rejects.toThrow('unreachable');
    state.fails = false;
    expect(await token()).toMatch(/^token \d$/);
  });
});
