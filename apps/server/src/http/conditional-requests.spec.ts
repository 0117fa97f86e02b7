import { describe, expect, it } from 'vitest';

import { isKnownTag, lastModified } from './conditional-requests.js';

describe('isKnownTag', () => {
  it.each(['"7"', 'W/"7"', '"6", "7"', '"6",W/"7" , "8"', '*'])('isKnownTag finds "7" in %s', (header) => {
    expect(isKnownTag(header, '"7"')).toBe(true);
  });

  it.each(['', '7', '"77"', '"6", "8"', 'w/"7"', '"*"'])('isKnownTag does not find "7" in %j', (header) => {
    expect(isKnownTag(header, '"7"')).toBe(false);
  });
});

describe('lastModified', () => {
  const MADE = Date.UTC(2026, 0, 1, 12, 0, 0, 250);

  it('lastModified is an HTTP date once the second of the document is over', () => {
    expect(lastModified(MADE, MADE + 750)).toBe('Thu, 01 Jan 2026 12:00:00 GMT');
  });

  it.each([0, 749, -5_000])('lastModified is not known %d milliseconds after the document was made', (later) => {
    expect(lastModified(MADE, MADE + later)).toBeUndefined();
  });
});
