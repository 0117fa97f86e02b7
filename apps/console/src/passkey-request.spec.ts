import { describe, expect, it } from 'vitest';

import { passkeyRequestIn } from './passkey-request.js';

const STATE = 'a-state_of-16-bytes';
const hashOf = (more: Record<string, string> = {}): string =>
  `#${new URLSearchParams({ port: '40123', state: STATE, options: '{"challenge":"abc"}', ...more }).toString()}`;

describe('a request of the command line for a passkey', () => {
  it('a request for a passkey is answered to the port of this machine that it names', () => {
    const request = passkeyRequestIn(hashOf())!;
    expect(request.options).toEqual({ challenge: 'abc' });
    const answer = new URL(request.answerUrl({ id: 'a&b' }));
    expect([answer.origin, answer.pathname]).toEqual(['http://127.0.0.1:40123', '/passkey']);
    expect(Object.fromEntries(answer.searchParams)).toEqual({ state: STATE, passkey: '{"id":"a&b"}' });
  });

  it.each([
    ['no port', hashOf({ port: '' })],
    ['a port of another host', hashOf({ port: '80@evil.test' })],
    ['a port that is none', hashOf({ port: '70000' })],
    ['a port of the system', hashOf({ port: '80' })],
    ['no state', hashOf({ state: '' })],
    ['a state with other characters', hashOf({ state: `${STATE}&x` })],
    ['no options', hashOf({ options: 'null' })],
    ['options that are no JSON', hashOf({ options: '{' })],
    ['nothing', ''],
  ])('a request for a passkey with %s is none', (_, hash) => {
    expect(passkeyRequestIn(hash)).toBeUndefined();
  });
});
