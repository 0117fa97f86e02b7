import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, SECOND } from '#core';

import { type KeyFixture, startOne } from '../../support/key-fixture.js';

let fixture: KeyFixture;
beforeAll(async () => {
  fixture = await startOne();
});
afterAll(() => fixture.close());

/**
 * A relying party as the standards have it: `jose`, and a cache that keeps the JWK Set for exactly as long as its
 * `Cache-Control` permits. It never asks earlier, not even for a `kid` that it does not know.
 */
function cachingVerifier(jwksUrl: string, now: () => number) {
  let cached: { readonly keys: JSONWebKeySet; readonly until: number } | undefined;
  return async (token: string): Promise<void> => {
    if (!cached || cached.until <= now()) {
      const answer = await fetch(jwksUrl);
      const seconds = Number(/max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1]);
      cached = { keys: (await answer.json()) as JSONWebKeySet, until: now() + seconds * SECOND };
    }
    await jwtVerify(token, createLocalJWKSet(cached.keys), { currentDate: new Date(now()) });
  };
}

describe('a verifier that caches the JWKS for its max-age', () => {
  it('sees no failed verification through scheduled rotations under continuous signing', async () => {
    const { clock, server, tenant } = fixture;
    const url = `${server.url}${tenant.path}/.well-known/jwks.json`;
    await fixture.keyInUse('continuous', { rotateEverySeconds: DAY / SECOND, ttlSeconds: 600 });
    // Verifiers that fetched at different moments, so that one of them always has the oldest possible copy.
    const verifiers = Array.from({ length: 5 }, () => cachingVerifier(url, () => clock.now()));
    const kids = new Set<string>();
    const delivered: { token: string; until: number }[] = [];
    const run = async (step: number, turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        clock.advance(step);
        if (turn % 5 === 0) await fixture.runScheduler();
        const { token, kid, expiresAt } = await fixture.sign('continuous');
        kids.add(kid);
        delivered.push({ token, until: expiresAt });
        // The verifiers take turns: each uses its copy to the end before it asks again.
        await verifiers[turn % verifiers.length]!(token);
        while (delivered[0] && delivered[0].until <= clock.now()) delivered.shift();
        // A token that is about to expire, signed by a version that may have retired meanwhile.
        if (delivered[0]) await verifiers[(turn + 1) % verifiers.length]!(delivered[0].token);
      }
    };
    for (let rotation = 0; rotation < 2; rotation += 1) {
      await run(HOUR / 2, 47);
      // Through the publication, the take-over and the end of the last token of the old version.
      await run(40 * SECOND, 130);
    }
    expect(kids.size).toBeGreaterThanOrEqual(3);
  });

  it('would see one if the new version signed as soon as it is published', async () => {
    const { clock, server, tenant, rotation, scope } = fixture;
    const keyId = await fixture.keyInUse('hasty');
    const verify = cachingVerifier(`${server.url}${tenant.path}/.well-known/jwks.json`, () => clock.now());
    await verify((await fixture.sign('hasty')).token);
    await rotation.rotate(scope, keyId, 'immediate');
    await expect(verify((await fixture.sign('hasty')).token)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  });

  it('asks with the tag that it knows, and gets the keys in the same order', async () => {
    const { server, tenant } = fixture;
    const path = `${tenant.path}/.well-known/jwks.json`;
    const first = await server.get(path);
    expect(first.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    const again = await server.get(path, { headers: { 'If-None-Match': first.headers.get('etag')! } });
    expect(again.status).toBe(304);
    expect((await server.get(path)).text).toBe(first.text);
  });
});
