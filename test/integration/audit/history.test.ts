import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type History,
  type HistoryEntry,
  type HistoryFilter,
  leafHash,
  recordedEventsAbout,
  requestEvents,
} from '#audit';
import {
  type EventContent,
  ManualClock,
  type PlatformScope,
  type TenantScope,
  canonicalJson,
  defineEvents,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';

import { withCode } from '../../support/errors.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type KeyedHistory, openKeyedHistory } from '../../support/keyed-history.js';

const keyEvents = defineEvents('key', { generated: '', retired: '' });
const serviceEvents = defineEvents('service', { created: '' });
const platform = platformScope(systemOrigin('test'));

let opened: KeyedHistory;
let clock: ManualClock;
let history: History;
beforeAll(async () => {
  clock = new ManualClock();
  opened = await openKeyedHistory(clock);
  ({ history } = opened);
});
afterAll(() => opened.drop());

const tenantScope = (changes: Partial<TenantScope> = {}): TenantScope => ({
  actor: { type: 'user', id: 'ann', name: 'ann@example.com', role: 'owner' },
  requestId: 'request-ann',
  sourceAddress: '192.0.2.1',
  tenantId: uuidv7(1),
  ...changes,
});

const record = (scope: TenantScope, event: ReturnType<(typeof keyEvents)['generated']>): Promise<void> =>
  opened.database.transaction(scope, async (tx) => tx.record(event));

/** The entry that was hashed: it has `null` in the places of the personal fields. */
const entryOf = ({ actor, ...document }: Omit<HistoryEntry, 'sequence' | 'leafHash'>): string =>
  canonicalJson({ ...document, actor: { ...actor, name: null }, sourceAddress: null } as never);

const targets = async (
  scope: TenantScope | PlatformScope,
  filter: HistoryFilter = {},
  limit?: number,
): Promise<string[]> => (await history.list(scope, filter, { limit })).items.map(({ target }) => target.id);

describe('an event that is listed', () => {
  it('an event that is listed is what was stored, and hashes to what was stored with it', async () => {
    const scope = tenantScope();
    const before = { name: 'Größe 𝄞 ', number: 1e21, nested: [null, true, { b: 1, a: 2 }] };
    await record(scope, keyEvents.generated('key-1', { kid: 'kid-1', tokenId: 'token-1', before }));
    const plain = await openPlainDataSource(opened.url);
    const [row] = await plain.query<{ canonical: string; leafHash: string }[]>(
      `SELECT canonical, leafHash FROM audit_events WHERE tenantId = '${scope.tenantId}'`,
    );
    await plain.destroy();
    const { sequence, leafHash: shownHash, ...document } = (await history.list(scope, {}, {})).items[0]!;
    expect(leafHash(row!.canonical)).toBe(row!.leafHash);
    expect(entryOf(document)).toBe(row!.canonical);
    expect([sequence, shownHash]).toEqual([0, row!.leafHash]);
    expect(document).toMatchObject({
      tenantId: scope.tenantId,
      actor: scope.actor,
      action: 'key.generated',
      target: { type: 'key', id: 'key-1' },
      outcome: 'success',
      occurredAt: '2026-01-01T00:00:00.000Z',
      sourceAddress: '192.0.2.1',
      kid: 'kid-1',
      tokenId: 'token-1',
      before,
      salt: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(await history.get(scope, document.id)).toEqual({ sequence, leafHash: shownHash, ...document });
  });

  it('an event that is listed is there although its content was too large, with the hash of that', async () => {
    const scope = tenantScope();
    await record(scope, keyEvents.generated('large', { details: { text: '𝄞'.repeat(20_000) } }));
    const [entry] = (await history.list(scope, {}, {})).items;
    const { sequence: _sequence, leafHash: hash, ...document } = entry!;
    expect(document.details).toMatchObject({ omittedBytes: expect.any(Number) as number });
    expect(leafHash(entryOf(document))).toBe(hash);
  });

  it('an event that is listed has a salt of its own', async () => {
    const scope = tenantScope();
    await record(scope, keyEvents.generated('same'));
    await record(scope, keyEvents.generated('same'));
    const salts = (await history.list(scope, {}, {})).items.map(({ salt }) => salt);
    expect(new Set(salts).size).toBe(2);
  });
});

describe('the list', () => {
  const credentialId = uuidv7(1);
  const tenantId = uuidv7(1);
  const ann = tenantScope({ tenantId });
  const crm: TenantScope = {
    actor: { type: 'service', id: 'crm', name: 'CRM', credentialId },
    requestId: 'request-crm',
    sourceAddress: null,
    tenantId,
  };
  const events: [
    string,
    TenantScope,
    (id: string, content?: EventContent) => ReturnType<typeof keyEvents.retired>,
    EventContent?,
  ][] = [
    ['e0', ann, keyEvents.generated, { kid: 'kid-0' }],
    ['e1', crm, keyEvents.generated, { tokenId: 'token-1' }],
    ['e2', ann, keyEvents.retired, { outcome: 'denied' }],
    ['e3', ann, serviceEvents.created],
    ['e4', crm, serviceEvents.created, { outcome: 'failed', kid: 'kid-0', tokenId: 'token-4' }],
  ];
  let start: number;
  beforeAll(async () => {
    start = clock.now();
    for (const [id, scope, make, content] of events) {
      await record(scope, make(id, content));
      clock.advance(1_000);
    }
    await record(tenantScope({ requestId: 'request-ann' }), keyEvents.generated('e0', { kid: 'kid-0' }));
  });

  it.each<[string, HistoryFilter | (() => HistoryFilter), string[]]>([
    ['nothing', {}, ['e4', 'e3', 'e2', 'e1', 'e0']],
    ['the oldest first', { order: 'asc' }, ['e0', 'e1', 'e2', 'e3', 'e4']],
    ['undefined', { actor: undefined, from: undefined, kid: undefined }, ['e4', 'e3', 'e2', 'e1', 'e0']],
    ['actor', { actor: 'ann' }, ['e3', 'e2', 'e0']],
    ['action', { action: 'key.generated' }, ['e1', 'e0']],
    ['target type', { targetType: 'service' }, ['e4', 'e3']],
    ['target', { targetId: 'e2' }, ['e2']],
    ['outcome success', { outcome: 'success' }, ['e3', 'e1', 'e0']],
    ['outcome denied', { outcome: 'denied' }, ['e2']],
    ['outcome failed', { outcome: 'failed' }, ['e4']],
    ['token', { tokenId: 'token-1' }, ['e1']],
    ['kid', { kid: 'kid-0' }, ['e4', 'e0']],
    ['credential', { credentialId }, ['e4', 'e1']],
    ['credential and kid, which have an action in common', { credentialId, kid: 'kid-0' }, ['e4']],
    ['target and kid, which have no action in common', { targetId: 'e2', kid: 'kid-0' }, []],
    ['target type and its action', { targetType: 'key', action: ['key.retired', 'service.created'] }, ['e2']],
    ['target type and an action of another', { targetType: 'key', action: 'service.created' }, []],
    ['request', { requestId: 'request-ann' }, ['e3', 'e2', 'e0']],
    ['from, inclusive', () => ({ from: start + 3_000 }), ['e4', 'e3']],
    ['to, exclusive', () => ({ to: start + 1_000 }), ['e0']],
    ['from and to', () => ({ from: start + 1_000, to: start + 3_000 }), ['e2', 'e1']],
    ['a period and an actor', () => ({ from: start + 1_000, actor: 'crm', order: 'asc' as const }), ['e1', 'e4']],
    [
      'everything',
      {
        actor: 'crm',
        action: 'service.created',
        targetType: 'service',
        targetId: 'e4',
        outcome: 'failed',
        tokenId: 'token-4',
        kid: 'kid-0',
        credentialId,
        requestId: 'request-crm',
      },
      ['e4'],
    ],
    ['what contradicts itself', { actor: 'ann', kid: 'kid-0', outcome: 'failed' }, []],
    ['what no actor of that name did', { actor: 'ANN' }, []],
  ])('the history is filtered by %s', async (_name, filter, expected) => {
    expect(await targets(ann, typeof filter === 'function' ? filter() : filter)).toEqual(expected);
  });

  it.each([0, -1])('the history rejects a period that ends %i ms after it begins', async (length) => {
    const period = history.list(ann, { from: start, to: start + length }, {});
    await expect(period).rejects.toThrow(withCode('VALIDATION_ERROR'));
  });

  it.each<['asc' | 'desc', string[]]>([
    ['asc', ['e0', 'e1', 'e2', 'e3', 'e4']],
    ['desc', ['e4', 'e3', 'e2', 'e1', 'e0']],
  ])('the history continues %s from its cursor, also while events are added', async (order, expected) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await history.list(ann, { order, to: start + 5_000 }, { limit: 2, cursor });
      seen.push(...page.items.map(({ target }) => target.id));
      cursor = page.nextCursor ?? undefined;
      await record(ann, keyEvents.retired('later'));
    } while (cursor !== undefined);
    expect(seen).toEqual(expected);
  });

  it.each<['asc' | 'desc', number[]]>([
    ['asc', [0, 1, 2, 3, 4, 5, 6]],
    ['desc', [6, 5, 4, 3, 2, 1, 0]],
  ])('the events of one kid continue %s from a cursor, whatever their actions are', async (order, expected) => {
    const scope = tenantScope();
    const makers = [keyEvents.generated, serviceEvents.created, keyEvents.retired];
    for (const number of expected.toSorted()) {
      await record(scope, makers[number % 3]!('key-1', { kid: 'kid-1', details: { number } }));
      if (number % 2 === 0) clock.advance(1_000);
    }
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await history.list(scope, { kid: 'kid-1', order }, { limit: 2, cursor });
      seen.push(...page.items.map(({ details }) => (details as { number: number }).number));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(expected);
  });

  it('the history keeps the order of events of one instant', async () => {
    const scope = tenantScope();
    const ids = Array.from({ length: 20 }, (_, index) => `same-${index}`);
    await opened.database.transaction(scope, async (tx) => ids.forEach((id) => tx.record(keyEvents.retired(id))));
    expect(await targets(scope, { order: 'asc' })).toEqual(ids);
    expect(await targets(scope)).toEqual(ids.toReversed());
  });

  it('the history rejects a cursor that it did not return', async () => {
    const cursor = Buffer.from('["x"]').toString('base64url');
    for (const filter of [{}, { kid: 'of no event' }]) {
      await expect(history.list(ann, filter, { cursor })).rejects.toThrow(withCode('VALIDATION_ERROR'));
    }
  });
});

describe('histories', () => {
  it('the histories of two tenants and of the installation do not mix', async () => {
    const [one, other] = [tenantScope(), tenantScope()];
    await record(one, keyEvents.generated('one'));
    await record(other, keyEvents.generated('other'));
    await opened.database.platform(platform, async (tx) => {
      tx.record(keyEvents.generated('installation'));
      tx.record(keyEvents.generated('told to one', { tenantId: one.tenantId }));
    });
    expect(await targets(one)).toEqual(['told to one', 'one']);
    expect(await targets(other)).toEqual(['other']);
    expect(await targets(platform)).toEqual(['installation']);
    const [entry] = (await history.list(other, {}, {})).items;
    expect(await history.get(other, entry!.id)).toEqual(entry);
    await expect(history.get(one, entry!.id)).rejects.toThrow(withCode('NOT_FOUND'));
    await expect(history.get(platform, entry!.id)).rejects.toThrow(withCode('NOT_FOUND'));
  });
});

describe('events about one thing', () => {
  it.each([3, 700])(
    'all %i events about a key are given, in their order, and none of other actions or keys',
    async (count) => {
      const scope = tenantScope();
      await opened.database.transaction(scope, async (tx) => {
        for (let number = 0; number < count; number += 1) {
          tx.record(keyEvents.generated('key-1', { kid: 'kid-1', details: { number } }));
          if (number % 100 === 0) tx.record(keyEvents.generated('key-2', { kid: 'kid-2' }));
          if (number % 100 === 0) tx.record(keyEvents.retired('key-1', { kid: 'kid-1' }));
        }
      });
      const until = { tenantId: scope.tenantId, actions: ['key.generated', 'service.created'], until: clock.now() };
      for (const about of [{ targetId: 'key-1' }, { kid: 'kid-1' }]) {
        const found = await opened.database.read(scope, (view) =>
          recordedEventsAbout(view, opened.reader, until, about),
        );
        expect(found.map(({ details }) => details['number'])).toEqual(
          Array.from({ length: count }, (_, number) => number),
        );
      }
    },
  );
});

describe('a refusal', () => {
  const refusal = { code: 'FORBIDDEN', method: 'POST', route: '/v1/tenants/:tenantId/keys', targetId: 'key-1' };

  it('a rejection is recorded in the history of the tenant where it happened', async () => {
    const scope = tenantScope();
    await history.recordRefusal(scope, refusal);
    const { targetId, ...details } = refusal;
    expect((await history.list(scope, {}, {})).items).toMatchObject([
      { action: requestEvents.refused.action, outcome: 'denied', target: { id: targetId }, details },
    ]);
    await history.recordRefusal({ ...platform, requestId: 'refused' }, refusal);
    expect(await targets(platform, { requestId: 'refused' })).toEqual(['key-1']);
  });

  it('a rejection is recorded whatever was named, cut to what the column holds', async () => {
    const scope = tenantScope();
    await history.recordRefusal(scope, { ...refusal, targetId: `${'x'.repeat(63)}𝄞𝄞` });
    expect(await targets(scope)).toEqual([`${'x'.repeat(63)}\ufffd`]);
  });
});
