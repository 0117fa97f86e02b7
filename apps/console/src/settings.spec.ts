import { describe, expect, it } from 'vitest';

import { changedSettings, erasesEarlier, settingLabel, settingText, settings } from './settings.js';

const defaults = Object.fromEntries(settings.map(({ name, default: value }) => [name, value]));
/** What a form sends whose fields were left as they are; a box that is not ticked sends nothing. */
const untouched = Object.fromEntries(
  settings.flatMap(({ name, default: value }) => (value === false ? [] : [[name, settingText(value)] as const])),
);

describe('the settings of a tenant in a form', () => {
  it('a form that was left as it was changes nothing', () => {
    expect(changedSettings(defaults, untouched)).toEqual({});
  });

  it.each([
    [0, 1, true],
    [3, 2, true],
    [3, 4, false],
    [3, 0, false],
  ])('a form that keeps personal data for %i months, and then %i, asks for a proof: %s', (before, after, expected) => {
    const [present, change] = [before, after].map((personalDataRetentionMonths) => ({ personalDataRetentionMonths }));
    expect(erasesEarlier(present!, change!)).toBe(expected);
    expect(erasesEarlier(present!, { reveal: 'once' })).toBe(false);
    const [kept, next] = [before, after].map((term) => ({ historyRetentionDays: term * 365 }));
    expect(erasesEarlier(kept!, next!)).toBe(expected);
  });

  it('a form that ends a hold of the history asks for a proof, one that begins it does not', () => {
    expect(erasesEarlier({ historyHold: true }, { historyHold: false })).toBe(true);
    expect(erasesEarlier({ historyHold: false }, { historyHold: true })).toBe(false);
  });

  it('each kind of field gives a value of its setting', () => {
    const fields = {
      ...untouched,
      credentialsPerType: '3',
      reveal: 'once',
      requireSecondFactor: 'on',
      announcementDays: '10, 5',
      allowedDnsNames: '*.acme.example\nacme.example',
    };
    expect(changedSettings(defaults, fields)).toEqual({
      credentialsPerType: 3,
      reveal: 'once',
      requireSecondFactor: true,
      announcementDays: [10, 5],
      allowedDnsNames: ['*.acme.example', 'acme.example'],
    });
  });

  it('a box that is no longer ticked is false', () => {
    expect(changedSettings({ ...defaults, requireSecondFactor: true }, untouched)).toEqual({
      requireSecondFactor: false,
    });
  });

  it('a label reads as words', () => {
    expect(settingLabel('keyDeletionDays')).toBe('Key deletion days');
  });
});
