import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.js';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it.each([
    ['String', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => ['a', secret].join('')],
    ['JSON', () => JSON.stringify({ nested: [secret] })],
    ['inspect', () => inspect({ nested: { secret } }, { depth: null, showHidden: true, customInspect: true })],
    ['inspect without the custom form', () => inspect(secret, { showHidden: true, customInspect: false })],
    ['format', () => format('%s %o %j', secret, secret, secret)],
    ['its members', () => JSON.stringify(Object.getOwnPropertyNames(secret)) + JSON.stringify({ ...secret })],
    ['an error', () => inspect(new Error('failed', { cause: secret }))],
  ])('Secret is not shown by %s', (_how, show) => expect(show()).not.toContain('hunter2'));

  it('Secret is given to who asks for it', () => expect(secret.reveal()).toBe('hunter2'));
});
