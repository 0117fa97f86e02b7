import { describe, expect, it } from 'vitest';

import { DAY } from '#core';

import { expirationNotice } from './expiration-notice.js';

const item = { tenantId: 't', kind: 'credential', id: 'id', dueAt: 7 * DAY, happens: 'expires', contactsOf: [] };

describe('the e-mail about expirations', () => {
  it('the e-mail about expirations names the one thing that it is about', () => {
    const notice = expirationNotice([{ key: 'k', item: { ...item, name: 'billing' }, daysAhead: 7 }]);
    expect(notice.subject).toBe('credential billing expires within 7 days');
    expect(notice.lines).toEqual(['- credential billing expires: 1970-01-08T00:00:00.000Z']);
  });

  it('the e-mail about expirations lists several, by the longest lead', () => {
    const notice = expirationNotice([
      { key: 'k', item, daysAhead: 1 },
      { key: 'l', item: { ...item, kind: 'certificate', kid: 'kid' }, daysAhead: 7 },
    ]);
    expect(notice.subject).toBe('2 expirations and the like within 7 days');
    expect(notice.lines.map((line) => line.split(':')[0])).toEqual([
      '- credential id expires',
      '- certificate kid expires',
    ]);
    expect(notice.key).toEqual(['expirations', 'k', 'l']);
  });

  it('the e-mail about expirations has a line for each thing, whatever its name is', () => {
    const { subject, lines } = expirationNotice([
      { key: 'k', item: { ...item, name: `<b>x</b>\r\nBcc: eve@example.com${'y'.repeat(300)}` }, daysAhead: 1 },
    ]);
    expect(lines.join('')).not.toMatch(/[\r\n]/);
    expect(lines[0]).toMatch(/^- credential <b>x<\/b> Bcc: eve@example\.comy+… expires/);
    expect(subject.length).toBeLessThan(200);
  });
});
