import { describe, expect, it } from 'vitest';

import type { Rfc3339 } from '#core';
import { Instant, Items, Text } from './fields.js';
import { present } from './present.js';

class Named {
  @Text() name: string;
  @Instant() createdAt: Rfc3339;
}

class Webhook extends Named {
  @Items(Text(), { maxItems: 5 }) actions: string[];
  @Instant({ nullable: true }) deliveredAt: Rfc3339 | null;
  @Text({ optional: true }) note?: string;
}

const row = { name: 'alerts', actions: ['*'], createdAt: Date.UTC(2026, 0, 1), deliveredAt: null };

describe('present', () => {
  it('present shows the fields that a class and its base class declare, with instants as RFC 3339', () => {
    expect(present(Webhook, row)).toStrictEqual({
      name: 'alerts',
      createdAt: '2026-01-01T00:00:00.000Z',
      actions: ['*'],
      deliveredAt: null,
    });
  });

  it('present shows nothing of a row that its class does not declare', () => {
    const stored = { ...row, sealedSecret: 'secret', tenantId: 'acme' };
    expect(Object.keys(present(Webhook, stored))).toEqual(['name', 'createdAt', 'actions', 'deliveredAt']);
  });

  it('present leaves out what is undefined, so that an optional field is absent', () => {
    expect(present(Webhook, { ...row, note: undefined })).not.toHaveProperty('note');
    expect(present(Webhook, { ...row, note: 'primary' })).toHaveProperty('note', 'primary');
  });
});
