import { expect, it } from 'vitest';

import { authenticated } from './authentication.js';
import { githubActions } from './workload/token-sources.js';

const SECRET = 'csk_SecretThatNobodyMayRead';

it.each(['\n', '\r\n', '\0', '\u2026', '\ufeff'])(
  'credentials that no header can have are rejected without repeating them: %j',
  async (between) => {
    const value = `${SECRET}${between}x`;
    const send = authenticated(async () => new Response(), { headers: async () => ({ 'X-Service-Key': value }) });
    await expect(send(new Request('https://chancery.test'))).rejects.toThrow(
      /^The credentials have characters that X-Service-Key cannot have$/,
    );
    const source = githubActions({ audience: 'a', requestUrl: 'https://github.test', requestToken: value });
    await expect(source()).rejects.toThrow(/^The credentials have characters that Authorization cannot have$/);
  },
);

it('white space around credentials is not sent', async () => {
  const sent: (string | null)[] = [];
  const credentials = { headers: async () => ({ 'X-Service-Key': `${SECRET}\n` }) };
  const send = authenticated(async (request) => {
    sent.push(request.headers.get('X-Service-Key'));
    return new Response();
  }, credentials);
  await send(new Request('https://chancery.test'));
  expect(sent).toEqual([SECRET]);
});
