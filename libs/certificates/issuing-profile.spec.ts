import { describe, expect, it } from 'vitest';

import { NAME_POLICY_DEFAULT } from '#pki';

import { certificateProfile, grantedDays, issuingProfile } from './issuing-profile.js';

const tooLong = (pointer: string) =>
  expect.objectContaining({
    code: 'VALIDATION_ERROR',
    errors: [expect.objectContaining({ pointer, code: 'VALIDITY_TOO_LONG' })],
  }) as unknown as Error;

describe('an issuing profile', () => {
  it('an issuing profile grants a year, a random kid, and DNS names, by default', () => {
    expect(issuingProfile()).toEqual({
      kid: 'uuid',
      validityDays: 365,
      validityDaysMax: 365,
      names: NAME_POLICY_DEFAULT,
      extendedKeyUsage: ['clientAuth'],
      keyReuse: true,
    });
  });

  it.each([
    [{ validityDays: 30 }, 30, 365],
    [{ validityDaysMax: 90 }, 90, 90],
    [{ validityDays: 500 }, 500, 500],
    [{ validityDays: 10, validityDaysMax: 20 }, 10, 20],
  ])('an issuing profile %o grants %d days, at most %d', (request, validityDays, validityDaysMax) => {
    expect(issuingProfile(request)).toMatchObject({ validityDays, validityDaysMax });
  });

  it('an issuing profile does not contradict itself', () => {
    const contradiction = { validityDays: 21, validityDaysMax: 20 };
    expect(() => issuingProfile(contradiction)).toThrow(tooLong('/profile/validityDays'));
  });

  it('an issuing profile changes of the name policy what is said, and nothing else', () => {
    const { names } = issuingProfile({ names: { wildcards: true } });
    expect(names).toEqual({ ...NAME_POLICY_DEFAULT, wildcards: true });
  });

  it('an issuing profile grants as many days as are asked for, up to its limit', () => {
    const profile = issuingProfile({ validityDays: 10, validityDaysMax: 20 });
    expect([undefined, 1, 20].map((days) => grantedDays(profile, days))).toEqual([10, 1, 20]);
    expect(() => grantedDays(profile, 21)).toThrow(tooLong('/validityDays'));
  });

  it('an issuing profile says the purposes of certificates, of an older authority the default', () => {
    expect(certificateProfile({ extendedKeyUsage: ['serverAuth', 'clientAuth'] }).extendedKeyUsage).toEqual([
      'serverAuth',
      'clientAuth',
    ]);
    expect(certificateProfile({}, 30)).toMatchObject({ extendedKeyUsage: ['clientAuth'], validityDays: 30 });
  });
});
