import { describe, expect, it } from 'vitest';

import { DAY, SECOND } from '#core';

import { renewalWindow } from './renewal-window.js';

describe('the window for a renewal', () => {
  it('the window for a renewal begins when a third of the validity is left, and ends when a sixth is', () => {
    const validity = { notBefore: 0, notAfter: 90 * DAY };
    expect(renewalWindow(validity, true)).toEqual({ start: 60 * DAY, end: 75 * DAY });
  });

  it('the window for a renewal of a certificate that is no longer accepted has passed', () => {
    const validity = { notBefore: 5 * DAY, notAfter: 90 * DAY };
    expect(renewalWindow(validity, false)).toEqual({ start: 5 * DAY, end: 5 * DAY + SECOND });
  });
});
