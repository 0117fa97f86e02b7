import { describe, expect, it } from 'vitest';

import { firstContacts, normalContacts } from './contacts.js';

describe('contacts', () => {
  it('contacts are stored in one form, each once', () => {
    expect(normalContacts(['Ops@Example.com', ' ops@example.com', 'ada＠example.com'])).toEqual([
      'ops@example.com',
      'ada@example.com',
    ]);
  });

  it('contacts of a thing are its own, then those of what it belongs to', () => {
    const contacts = new Map([
      ['service', ['service@example.com']],
      ['certificate', ['certificate@example.com']],
      ['empty', []],
    ]);
    expect(firstContacts(contacts, ['certificate', 'service'])).toEqual(['certificate@example.com']);
    expect(firstContacts(contacts, ['other', 'empty', 'service'])).toEqual(['service@example.com']);
    expect(firstContacts(contacts, ['other'])).toEqual([]);
  });
});
