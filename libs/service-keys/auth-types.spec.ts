import { describe, expect, it } from 'vitest';

import { isWellFormedServiceKey } from '#crypto';

import { authTypes, generateSecret } from './auth-types.js';

describe('the auth types', () => {
  it('the auth types are the two of the API, in the order of its tables', () => {
    expect(authTypes).toEqual(['service_key', 'jwt']);
  });

  it('a service key has a prefix and a checksum', () => {
    expect(isWellFormedServiceKey(generateSecret('service_key').reveal())).toBe(true);
  });

  it('a JWT secret is standard Base64 of 32 bytes', () => {
    const text = generateSecret('jwt').reveal();
    expect(text).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(text, 'base64')).toHaveLength(32);
  });

  it.each(authTypes)('a secret of type %s never comes twice and does not print itself', (authType) => {
    const secrets = Array.from({ length: 200 }, () => generateSecret(authType));
    expect(new Set(secrets.map((secret) => secret.reveal())).size).toBe(200);
    expect(`${secrets[0]} ${JSON.stringify(secrets[0])}`).toBe('[secret] "[secret]"');
  });
});
