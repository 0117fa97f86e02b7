import { setTimeout as delay } from 'node:timers/promises';

import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, SECOND } from '#core';
import { PUBLICATION_DELAY } from '#keys';

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
      // The time that the answer takes is a part of its age (RFC 9111 §4.2.3).
      const asked = now();
      const answer = await fetch(jwksUrl);
      const seconds = Number(/max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1]);
      cached = { keys: (await answer.json()) as JSONWebKeySet, until: asked + seconds * SECOND };
    }
    await jwtVerify(token, createLocalJWKSet(cached.keys), { currentDate: new Date(now()) });
  };
}

describe('a verifier that caches the JWKS for its max-age', () => {
  it('a verifier that caches the JWKS for its max-age sees no failed verification through scheduled rotations under continuous signing', async () => {
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

  it('a verifier that caches the JWKS for its max-age sees no failed verification in real time, while many sign and the scheduler runs beside them', async () => {
    // Two hundred times as fast as life: a cache lasts for 1.5 s, a publication takes 1.8 s.
    const pace = 200;
    const begin = { life: Date.now(), test: Date.UTC(2026, 0, 1) };
    const now = (): number => begin.test + Math.round((Date.now() - begin.life) * pace);
    const clock = { now, confirmed: now, uptime: () => now() - begin.test, bootId: undefined };
    const hasty = await startOne({ clock });
    const { server, tenant } = hasty;
    const keyId = await hasty.keyInUse('hasty', { ttlSeconds: 600 });
    const url = `${server.url}${tenant.path}/.well-known/jwks.json`;
    const kids = new Set<string>();
    const end = new AbortController();
    const signAndVerify = async (): Promise<void> => {
      const verify = cachingVerifier(url, () => clock.now());
      while (!end.signal.aborted) {
        const { token, kid } = await hasty.sign('hasty');
        kids.add(kid);
        await verify(token);
      }
    };
    const scheduler = async (): Promise<void> => {
      for (let rotation = 0; rotation < 2; rotation += 1) {
        await hasty.rotation.rotate(hasty.scope, keyId, 'staged');
        const started = clock.now();
        while (clock.now() < started + PUBLICATION_DELAY + 30 * SECOND) {
          await hasty.runScheduler();
          await delay(50);
        }
      }
      end.abort();
    };
    await Promise.all([scheduler(), ...Array.from({ length: 3 }, signAndVerify)]);
    expect(kids.size).toBe(3);
    await hasty.close();
  });

  it('a verifier that caches the JWKS for its max-age would see a failed verification if the new version signed as soon as it is published', async () => {
    const { clock, server, tenant, rotation, scope } = fixture;
    const keyId = await fixture.keyInUse('hasty');
    const verify = cachingVerifier(`${server.url}${tenant.path}/.well-known/jwks.json`, () => clock.now());
    await verify((await fixture.sign('hasty')).token);
    await rotation.rotate(scope, keyId, 'immediate');
    await expect(verify((await fixture.sign('hasty')).token)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  });

  it('a verifier that caches the JWKS for its max-age asks with the entity tag that it knows, and gets the keys in the same order', async () => {
    const { server, tenant } = fixture;
    const path = `${tenant.path}/.well-known/jwks.json`;
    const first = await server.get(path);
    expect(first.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    const again = await server.get(path, { headers: { 'If-None-Match': first.headers.get('etag')! } });
    expect(again.status).toBe(304);
    expect((await server.get(path)).text).toBe(first.text);
  });
});
