import { describe, expect, it } from 'vitest';

import { DomainError } from '#core';

import {
  checkSettings,
  effectiveSettings,
  erasesBodiesEarlier,
  erasesEarlier,
  tenantSettings,
} from './tenant-settings.js';

const DEFAULTS = {
  credentialsPerType: 2,
  reveal: 'allowed',
  expiryLeadDays: 14,
  credentialLifetimeDays: 365,
  inactiveCredentialDays: 7,
  onLastExpiry: 'successor',
  keyDeletionDays: 7,
  keyVersions: 500,
  transactionRetentionDays: 90,
  personalDataRetentionMonths: 0,
  historyRetentionDays: 0,
  historyHold: false,
  requireSecondFactor: false,
  passwordSignIn: 'all',
  admitProviderGroups: false,
  announcementDays: [30, 14, 7, 1],
  allowedDnsNames: [],
};

/** The findings about a change, as `pointer code`. */
function findings(change: Record<string, unknown>): string[] {
  try {
    checkSettings(change);
    return [];
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'VALIDATION_ERROR') throw error;
    return (error.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

describe('the settings of a tenant', () => {
  it('the settings of a tenant have defaults, which are allowed themselves', () => {
    expect(effectiveSettings({})).toEqual(DEFAULTS);
    expect(findings(DEFAULTS)).toEqual([]);
    expect(Object.values(tenantSettings).every(({ description }) => description !== '')).toBe(true);
  });

  it('the settings of a tenant are what the tenant set, over the defaults, and nothing that is no setting', () => {
    expect(effectiveSettings({ reveal: 'never', forgotten: 1 })).toEqual({ ...DEFAULTS, reveal: 'never' });
    expect(effectiveSettings({ keyDeletionDays: 0 }).keyDeletionDays).toBe(0);
  });

  it.each<[keyof typeof DEFAULTS, readonly unknown[], readonly unknown[]]>([
    ['credentialsPerType', [2, 10], [1, 11, 2.5, '2', NaN, null, undefined, Infinity]],
    ['passwordSignIn', ['all', 'owners', 'none'], ['nobody', '', true]],
    ['admitProviderGroups', [true, false], ['true', 1, null]],
    ['reveal', ['allowed', 'once', 'never'], ['ALLOWED', '', 'toString', true, null, ['once']]],
    ['expiryLeadDays', [1, 90], [0, 91, -1]],
    ['credentialLifetimeDays', [1, 3_650], [0, 3_651]],
    ['inactiveCredentialDays', [0, 365], [-1, 366]],
    ['onLastExpiry', ['successor', 'lapse'], ['none', 0]],
    ['keyDeletionDays', [0, 30], [-1, 31]],
    ['keyVersions', [10, 2_000], [9, 2_001]],
    ['transactionRetentionDays', [1, 730], [0, 731]],
    ['personalDataRetentionMonths', [0, 240], [-1, 241]],
    ['requireSecondFactor', [true, false], ['true', 1, null]],
    ['announcementDays', [[], [90, 1]], [7, [0], [91], [1.5], ['7'], null, Array.from({ length: 11 }, () => 1)]],
    [
      'allowedDnsNames',
      [[], ['api.acme.example', '*.acme.example', 'localhost'], Array.from({ length: 50 }, (_, n) => `h${n}.example`)],
      [
        'acme.example',
        ['*'],
        ['ok.example', '*.example'],
        [1],
        [null],
        {},
        Array.from({ length: 51 }, () => 'a.example'),
      ],
    ],
  ])('the setting %s of a tenant may be %j and not %j', (name, allowed, refused) => {
    for (const value of allowed) expect(findings({ [name]: value })).toEqual([]);
    for (const value of refused) expect(findings({ [name]: value })).toEqual([`/settings/${name} INVALID_SETTING`]);
  });

  it('the settings of a tenant are rejected with every finding, unknown names included', () => {
    const change = { reveal: 'x', credentialsPerType: 0, constructor: 1, ['__proto__x']: 1, expiryLeadDays: 5 };
    expect(findings(change)).toEqual([
      '/settings/reveal INVALID_SETTING',
      '/settings/credentialsPerType INVALID_SETTING',
      '/settings/constructor UNKNOWN_FIELD',
      '/settings/__proto__x UNKNOWN_FIELD',
    ]);
  });
});

describe('a change of the settings that erases earlier', () => {
  const months = (value: number) => ({ personalDataRetentionMonths: value });
  it.each([
    [{}, months(1), true],
    [months(0), months(240), true],
    [months(12), months(11), true],
    [months(12), months(12), false],
    [months(12), months(13), false],
    [months(12), months(0), false],
    [{}, months(0), false],
    [months(12), { reveal: 'once' }, false],
    [months(12), undefined, false],
    [{}, { historyRetentionDays: 365 }, true],
    [{ historyRetentionDays: 400 }, { historyRetentionDays: 365 }, true],
    [{ historyRetentionDays: 365 }, { historyRetentionDays: 400 }, false],
    [{ historyRetentionDays: 365 }, { historyRetentionDays: 0 }, false],
    [{ historyHold: true }, { historyHold: false }, true],
    [{}, { historyHold: true }, false],
  ])('a change of %j by %j erases earlier: %s', (stored, change, expected) => {
    expect(erasesEarlier(stored, change)).toBe(expected);
  });

  const days = (historyRetentionDays: number) => ({ historyRetentionDays });
  it.each([
    [{}, days(365), true],
    [days(365), days(400), false],
    [days(365), { reveal: 'once' }, false],
    [days(365), { historyHold: true }, false],
    [{ ...days(365), historyHold: true }, days(300), false],
    [{ ...days(365), historyHold: true }, { historyHold: false }, true],
    [{ historyHold: true }, { historyHold: false }, false],
    [{ historyHold: true }, { ...days(365), historyHold: false }, true],
  ])('a change of %j by %j has events erased earlier: %s', (stored, change, expected) => {
    expect(erasesBodiesEarlier(stored, change)).toBe(expected);
  });
});
