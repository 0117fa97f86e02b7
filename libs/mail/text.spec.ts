import { describe, expect, it } from 'vitest';

import { inLine, plainContent } from './text.js';

describe('the text of an e-mail', () => {
  it('the text of an e-mail has a subject of one line, whatever it is made of', () => {
    const { subject } = plainContent({ subject: 'The key x\r\nBcc: eve@example.com\u2028y expires', text: '' });
    expect(subject).toBe('The key x Bcc: eve@example.com y expires');
    expect([...plainContent({ subject: 'é'.repeat(500), text: '' }).subject].length).toBe(200);
  });

  it('the text of an e-mail keeps its lines and no other control character', () => {
    const { text } = plainContent({ subject: '', text: 'one\r\ntwo\u0000\u001b[31m\u202ethree' });
    expect(text).toBe('one\ntwo[31mthree');
    expect(plainContent({ subject: '', text: 'x'.repeat(100_000) }).text.length).toBe(40_000);
  });

  it('the text of an e-mail shows markup as it is', () => {
    const name = '<script>alert(1)</script>';
    expect(inLine(name)).toBe(name);
  });

  it('a name in an e-mail begins no line', () => {
    expect(inLine('a\nb\tc\u2029d ')).toBe('a b c d');
  });
});
