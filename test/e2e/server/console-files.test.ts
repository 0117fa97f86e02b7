import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestServer, startTestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('the files of the console', () => {
  it('browsers are sent from / to the console, other clients are told that there is nothing', async () => {
    const asBrowser = await fetch(server.url, { headers: { Accept: 'text/html' }, redirect: 'manual' });
    expect([asBrowser.status, asBrowser.headers.get('location')]).toEqual([302, '/console']);
    expect((await server.get('/')).status).toBe(404);
  });

  it('every address below the console is the page itself, with a strict policy and without being kept unasked', async () => {
    for (const path of ['/console', '/console/t/any/services', '/console/sign-in']) {
      const { status, headers, text } = await server.get(path);
      expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'no-cache']);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(text).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
      const again = await server.get(path, { headers: { 'If-None-Match': headers.get('etag')! } });
      expect(again.status).toBe(304);
    }
  });

  it('files with a hash in their name are kept for a year, and are sent compressed', async () => {
    const { text } = await server.get('/console');
    const [, script] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(text)!;
    const answer = await fetch(server.url + script, { headers: { 'Accept-Encoding': 'br' } });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(answer.headers.get('content-type')).toContain('javascript');
    expect((await server.get('/console/assets/unknown.js')).status).toBe(404);
    expect((await server.get('/console/assets/..%2f..%2fapps/server/src/main.js')).status).toBe(404);
  });

  it('the console is counted by source address as every public route is', async () => {
    const { headers } = await server.get('/console');
    expect(headers.get('ratelimit-policy')).toContain('"public"');
  });

  it('a server without the role admin has no console', async () => {
    const other = await startTestServer({ environment: { CHANCERY_ROLES: 'signing' } });
    expect((await other.get('/console')).status).toBe(404);
    await other.close();
  });
});
