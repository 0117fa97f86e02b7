import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { type EventDraft, type Origin, canonicalJson } from '#core';

import { leafHash, sealEvent } from './event.js';

const origin: Origin = {
  actor: { type: 'user', id: 'user-1', name: 'ann@example.com', role: 'owner' },
  requestId: 'request-1',
  sourceAddress: '192.0.2.1',
};
const context = { origin, tenantId: 'tenant-1', id: 'event-1', occurredAt: 0, salt: '00'.repeat(16) };
const draft: EventDraft = { action: 'key.generated', targetType: 'key', targetId: 'key-1', outcome: 'success' };

describe('the leaf hash', () => {
  it.each([
    // RFC 6962 §2.1: the leaf of the empty entry, as every certificate-transparency implementation tests it.
    ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    ['L123456', '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56'],
  ])('the leaf hash of %j is that of RFC 6962', (entry, hash) => {
    expect(leafHash(entry)).toBe(hash);
  });

  it('the leaf hash is taken of the UTF-8 bytes', () => {
    const expected = createHash('sha256').update(Buffer.concat([Buffer.of(0), Buffer.from('ä𝄞')]));
    expect(leafHash('ä𝄞')).toBe(expected.digest('hex'));
  });
});

describe('an event', () => {
  it('an event is written in canonical form, with what was given and nothing else', () => {
    const { canonical, document, leafHash: hash } = sealEvent({ ...draft, before: { b: 1, a: 2 } }, context);
    expect(canonical).toBe(
      '{"action":"key.generated","actor":{"id":"user-1","name":"ann@example.com","role":"owner","type":"user"},' +
        '"before":{"a":2,"b":1},"id":"event-1","occurredAt":"1970-01-01T00:00:00.000Z","outcome":"success",' +
        '"requestId":"request-1","salt":"00000000000000000000000000000000","sourceAddress":"192.0.2.1",' +
        '"target":{"id":"key-1","type":"key"},"tenantId":"tenant-1"}',
    );
    expect(JSON.parse(canonical)).toEqual(document);
    expect(hash).toBe(leafHash(canonical));
  });

  it('an event has the instants of its content in RFC 3339, at every depth, and leaves durations and names as they are', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    const written = '2026-01-02T03:04:05.006Z';
    const content = {
      expiresAt: at,
      notAfter: at,
      days: [{ retiresAt: at }],
      announceDaysBefore: 14,
      count: at,
      at: null,
    };
    const shown = { ...content, expiresAt: written, notAfter: written, days: [{ retiresAt: written }] };
    const { document } = sealEvent({ ...draft, before: content, after: content, details: content }, context);
    expect([document.before, document.after, document.details]).toEqual([shown, shown, shown]);
  });

  it('an event names the credential of the caller, unless it is about another one', () => {
    const service = { type: 'service', id: 'service-1', name: 'crm', credentialId: 'used' } as const;
    const byService = { ...context, origin: { ...origin, actor: service } };
    expect(sealEvent(draft, byService).document).toMatchObject({ credentialId: 'used' });
    expect(sealEvent({ ...draft, credentialId: 'touched' }, byService).document).toMatchObject({
      credentialId: 'touched',
    });
    expect(sealEvent(draft, context).document).not.toHaveProperty('credentialId');
  });

  it('an event has another hash with another salt', () => {
    expect(sealEvent(draft, { ...context, salt: 'ff'.repeat(16) }).leafHash).not.toBe(
      sealEvent(draft, context).leafHash,
    );
  });

  it.each(['before', 'after', 'details'] as const)('an event that is too large keeps the hash of its %s', (member) => {
    const content = { text: 'ä'.repeat(40_000) };
    const { canonical, document } = sealEvent({ ...draft, kid: 'kid-1', [member]: content }, context);
    const omitted = canonicalJson({ [member]: content });
    expect(document).toMatchObject({ action: draft.action, kid: 'kid-1', target: { id: 'key-1' } });
    expect([document.before, document.after]).toEqual([undefined, undefined]);
    expect(document.details).toEqual({
      omittedBytes: Buffer.byteLength(omitted),
      omittedSha256: createHash('sha256').update(omitted).digest('hex'),
    });
    expect(canonical.length).toBeLessThan(1_000);
  });

  it('an event is of bounded size, whatever is too large in it', () => {
    expect(sealEvent({ ...draft, targetId: 'x'.repeat(70_000) }, context).document.details).toHaveProperty(
      'omittedSha256',
    );
  });
});
