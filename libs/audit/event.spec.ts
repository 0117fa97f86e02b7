import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { type EventDraft, type Origin, canonicalJson } from '#core';

import { leafHash, sealEvent } from './event.js';
import { putBack } from './personal-fields.js';

const origin: Origin = {
  actor: { type: 'user', id: 'user-1', name: 'ann@example.com', role: 'owner' },
  requestId: 'request-1',
  sourceAddress: '192.0.2.1',
};
const context = { origin, tenantId: 'tenant-1', id: 'event-1', occurredAt: 0, month: '1970-01', salt: '00'.repeat(16) };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
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
    const { canonical, document, leafHash: hash, part } = sealEvent({ ...draft, before: { b: 1, a: 2 } }, context);
    expect(canonical).toBe(
      '{"action":"key.generated","actor":{"id":"user-1","name":null,"role":"owner","type":"user"},' +
        '"before":{"a":2,"b":1},"formatVersion":2,"id":"event-1","occurredAt":"1970-01-01T00:00:00.000Z",' +
        `"outcome":"success","personal":{"fields":["/actor/name","/sourceAddress"],"hash":"${sha256(part!)}",` +
        '"month":"1970-01"},"requestId":"request-1","salt":"00000000000000000000000000000000","sourceAddress":null,' +
        '"target":{"id":"key-1","type":"key"},"tenantId":"tenant-1"}',
    );
    expect(part).toMatch(/^\{"salt":"[0-9a-f]{32}","values":\["ann@example.com","192.0.2.1"\]\}$/);
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

  it('an event has its personal fields in the part, in the order in which the entry names their places', () => {
    const user = { email: 'ann@example.com', name: 'Ann', role: 'owner', 'a/b': { contacts: ['ops@example.com'] } };
    const { document, part } = sealEvent({ ...draft, action: 'user.created', after: user }, context);
    expect(document.after).toEqual({ email: null, name: null, role: 'owner', 'a/b': { contacts: null } });
    expect(document.personal!.fields).toEqual([
      '/actor/name',
      '/after/a~1b/contacts',
      '/after/email',
      '/after/name',
      '/sourceAddress',
    ]);
    const { values } = JSON.parse(part!) as { values: unknown[] };
    expect(values).toEqual(['ann@example.com', ['ops@example.com'], 'ann@example.com', 'Ann', '192.0.2.1']);
    putBack(document, document.personal!.fields, values as never);
    expect(document).toMatchObject({ actor: { name: 'ann@example.com' }, after: user, sourceAddress: '192.0.2.1' });
  });

  it('an event has another part and another hash of it each time, so that the hash confirms no guess', () => {
    const [one, other] = [sealEvent(draft, context), sealEvent(draft, context)];
    expect(one.document.personal!.hash).not.toBe(other.document.personal!.hash);
  });

  it.each([
    ['credential_rotation.started', { filter: { owner: 'ann@example.com' } }, ['/details/filter/owner']],
    ['certificate.issued', { san: ['a.example.com', 'ann@example.com'] }, ['/details/san/1']],
    ['certificate.issued', { subject: 'emailAddress=ann@example.com,CN=Ann' }, ['/details/subject']],
    ['token_profile.created', { fixedClaims: { lead: 'mailto:ann@example.com' } }, ['/details/fixedClaims/lead']],
    ['trust.exchanged', { claims: { actor: 'ann', repository: 'acme/app' } }, ['/details/claims/actor']],
    ['service.created', { name: 'actor', actor: 'billing', version: 'format@v1', url: 'https://a.example/@b' }, []],
  ])('an event %s that says %j has an address or a person in the part only', (action, details, fields) => {
    const job: Origin = { ...origin, actor: { type: 'system', id: 'job', name: 'job' }, sourceAddress: null };
    const { document, canonical, part } = sealEvent({ ...draft, action, details }, { ...context, origin: job });
    expect(document.personal?.fields ?? []).toEqual(fields);
    if (part === undefined) return;
    expect(canonical).not.toContain('ann');
    putBack(document, document.personal!.fields, (JSON.parse(part) as { values: never }).values);
    expect(document.details).toEqual(details);
  });

  it('an event of Chancery itself has no personal part', () => {
    const system = { actor: { type: 'system', id: 'job', name: 'job' }, requestId: 'r', sourceAddress: null } as const;
    const { document, part } = sealEvent(
      { ...draft, details: { name: 'x', email: null } },
      { ...context, origin: system },
    );
    expect([document.personal, part, document.actor.name]).toEqual([undefined, undefined, 'job']);
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
