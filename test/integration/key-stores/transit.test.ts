import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type AlgorithmName, algorithm } from '#crypto';
import { KeyStores } from '#key-stores';

import { withCode } from '../../support/errors.js';
import { type TestServer, startTestServer } from '../../support/server.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';

const TENANT = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const OTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48';
const placeOf = (tenantId: string, number: number) => ({
  tenantId,
  recordId: `0198d7c4-5a1e-7cc0-8f3a-${String(number).padStart(12, '0')}`,
});

let engine: TransitKeys;
let server: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  engine = await transitKeys();
  server = await startTestServer({
    environment: { CHANCERY_KEY_STORES: `bao=${engine.uri}`, CHANCERY_KEY_STORE_TENANTS: `bao=${TENANT}` },
  });
  stores = server.server.app.get(KeyStores);
});
afterAll(async () => {
  await server.close();
  await engine.close();
});

describe('keys in a transit engine', () => {
  it.each([
    ['RS256', 2048],
    ['ES256', undefined],
    ['ES384', undefined],
    ['ES512', undefined],
    ['EdDSA', undefined],
  ] as const satisfies (readonly [AlgorithmName, number | undefined])[])(
    'a key of a transit engine signs by %s, and is gone after it was destroyed',
    async (name, modulusBits) => {
      const place = placeOf(TENANT, name.charCodeAt(2) + name.length);
      const key = await stores.generate('bao', place, { algorithm: name, modulusBits });
      const data = Buffer.from('text');
      expect(await algorithm(name).verify(data, await key.sign(name, data), key.publicKey)).toBe(true);
      expect([await stores.holds('bao', place), await stores.holds('bao', { ...place, tenantId: OTHER })]).toEqual([
        true,
        false,
      ]);
      await stores.destroy('bao', place);
      await stores.destroy('bao', place);
      expect(await stores.holds('bao', place)).toBe(false);
      await expect(key.sign(name, data)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    },
  );

  it('a signature that was made with another key than ours leaves no process', async () => {
    const place = placeOf(TENANT, 1);
    await stores.generate('bao', place, { algorithm: 'ES256', modulusBits: undefined });
    const { verifyingKey } = await algorithm('ES256').generate();
    const replaced = stores.key('bao', place, verifyingKey);
    await expect(replaced.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(server.logs.join()).toContain('signed with another key');
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', 'null'],
    ['too much', 'x'.repeat(20_000)],
  ])('a transit engine that answers %s makes no key and no signature', async (_, text) => {
    const place = placeOf(TENANT, 100 + text.length);
    const key = await stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    engine.text = text;
    try {
      await expect(key.sign('EdDSA', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
      const other = stores.generate(
        'bao',
        { ...place, tenantId: OTHER },
        { algorithm: 'EdDSA', modulusBits: undefined },
      );
      await expect(other).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    } finally {
      engine.text = undefined;
    }
    await expect.poll(() => key.sign('EdDSA', Buffer.from('text')), { timeout: 10_000 }).toHaveLength(64);
  });

  it('a key of a transit engine that could be backed up in plain text is not used', async () => {
    const place = placeOf(TENANT, 4);
    await stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    for (const key of engine.keys.values()) key.plaintextBackup = true;
    const again = stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    await expect(again).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    for (const key of engine.keys.values()) key.plaintextBackup = false;
  });

  it('a store is open to the tenants that the operator names, and to no other', () => {
    expect([stores.permitted(TENANT), stores.permitted(OTHER)]).toEqual([['bao'], []]);
    expect(() => stores.requirePermitted(OTHER, 'bao')).toThrow(withCode('KEY_STORE_UNKNOWN'));
  });

  it('a key of a tenant that is missing in its store keeps no other tenant waiting; a store that is away is not asked for a while', async () => {
    const [present, missing] = [placeOf(OTHER, 2), placeOf(TENANT, 3)];
    const key = await stores.generate('bao', present, { algorithm: 'ES256', modulusBits: undefined });
    const gone = stores.key('bao', missing, key.publicKey);
    await expect(gone.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(await key.sign('ES256', Buffer.from('text'))).toHaveLength(64);
    engine.fail = true;
    await expect(key.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    engine.fail = false;
    // Without a request: whoever comes right after it is refused at once.
    await expect(key.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    await expect.poll(() => key.sign('ES256', Buffer.from('text')), { timeout: 10_000 }).toHaveLength(64);
    expect((await stores.examine()).map(({ failure }) => failure)).toEqual([undefined]);
  });
});
