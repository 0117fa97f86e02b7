import { describe, expect, it } from 'vitest';

import { DomainError, type Json } from '#core';

import { customerHash, readEntitlement } from './entitlement.js';

const CC_ID = { resellerId: 'reseller', divisionId: 'division' };

/** What is wrong with a body, as `pointer code`; none where it is accepted. */
function findings(body: Json | undefined): string[] {
  try {
    readEntitlement(body);
    return [];
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return (error.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

describe('readEntitlement', () => {
  it('readEntitlement reads a customer by ccId, and by serial where there is no ccId', () => {
    expect(readEntitlement({ ccId: CC_ID }).customer).toEqual({ ccId: CC_ID });
    expect(readEntitlement({ serial: 'S1' }).customer).toEqual({ serial: 'S1' });
    expect(readEntitlement({ ccId: CC_ID, serial: 'S1' }).customer).toEqual({ ccId: CC_ID });
  });

  it('readEntitlement keeps the body as it came, with members that the document does not know', () => {
    const body = { serial: 'S1', eliteSeats: 3, newSeats: 'many', aiMessaging: { standardBundles: 5, other: null } };
    expect(readEntitlement(body).entitlement).toEqual(body);
  });

  it('readEntitlement does not keep other members of the ccId in the customer', () => {
    expect(readEntitlement({ ccId: { ...CC_ID, region: 'eu' } }).customer).toEqual({ ccId: CC_ID });
  });

  it.each<[string, Json | undefined]>([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['a text', 'S1'],
    ['a number', 1],
  ])('readEntitlement rejects %s as no object', (_, body) => {
    expect(findings(body)).toEqual([' WRONG_TYPE']);
  });

  it.each<[string, Json]>([
    ['no customer', {}],
    ['an empty serial', { serial: '' }],
    ['a serial of 256 characters', { serial: 'x'.repeat(256) }],
    ['a serial that is a number', { serial: 1 }],
    ['a ccId that is a text', { ccId: 'reseller/division' }],
    ['a ccId that is null', { ccId: null }],
    ['a ccId without a division', { ccId: { resellerId: 'r' } }],
    ['a ccId with an empty reseller', { ccId: { resellerId: '', divisionId: 'd' } }],
    ['an incomplete ccId beside a serial', { ccId: { resellerId: 'r' }, serial: 'S1' }],
  ])('readEntitlement rejects a body with %s', (_, body) => {
    expect(findings(body)).toEqual(['/ccId REQUIRED']);
  });

  it('readEntitlement accepts identifiers of 255 characters', () => {
    expect(findings({ serial: 'x'.repeat(255) })).toEqual([]);
  });

  it.each<[string, string, Json]>([
    ['a negative count', '/eliteSeats', { eliteSeats: -1 }],
    ['half a seat', '/dialerSeats', { dialerSeats: 0.5 }],
    ['a count in a text', '/essentialSeats', { essentialSeats: '15' }],
    ['a count that is null', '/professionalSeats', { professionalSeats: null }],
    ['a count above 2^53 - 1', '/additionalAiMessages', { additionalAiMessages: 2 ** 53 }],
    ['a nested count that is none', '/aiMessaging/standardBundles', { aiMessaging: { standardBundles: true } }],
    ['a second nested count', '/aiAudioServices/additionalHours', { aiAudioServices: { additionalHours: -20 } }],
  ])('readEntitlement rejects %s', (_, pointer, member) => {
    expect(findings({ serial: 'S1', ...(member as object) })).toEqual([`${pointer} INVALID_VALUE`]);
  });

  it('readEntitlement accepts counts of 0 and up to 2^53 - 1, and counts that are absent', () => {
    expect(findings({ serial: 'S1', eliteSeats: 0, dialerSeats: 2 ** 53 - 1, aiMessaging: {} })).toEqual([]);
  });

  it('readEntitlement reports everything that is wrong together', () => {
    expect(findings({ eliteSeats: -1, aiMessaging: { advancedBundles: 'x' } })).toEqual([
      '/ccId REQUIRED',
      '/eliteSeats INVALID_VALUE',
      '/aiMessaging/advancedBundles INVALID_VALUE',
    ]);
  });
});

describe('customerHash', () => {
  it('customerHash is that of the identifiers alone', () => {
    const [one, other] = [
      { ccId: CC_ID, eliteSeats: 1 },
      { eliteSeats: 2, ccId: CC_ID },
    ].map((body) => customerHash(readEntitlement(body).customer));
    expect(one).toBe(other);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it('customerHash tells customers apart whose identifiers have the same characters', () => {
    const customers = [
      { ccId: { resellerId: 'ab', divisionId: 'c' } },
      { ccId: { resellerId: 'a', divisionId: 'bc' } },
      { ccId: { resellerId: 'a","b', divisionId: 'c' } },
      { ccId: { resellerId: 'a', divisionId: 'b","c' } },
      { serial: 'abc' },
      { serial: 'ccId' },
    ];
    expect(new Set(customers.map(customerHash)).size).toBe(customers.length);
  });
});
