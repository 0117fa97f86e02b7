import { describe, expect, it } from 'vitest';

import { formatOfKeyFile } from './key-file.js';

describe('formatOfKeyFile', () => {
  it.each([
    ['key.pem', '-----BEGIN PRIVATE KEY-----\n', 'pem'],
    ['bundle.P12', '0\u0082', 'pkcs12'],
    ['key.json', ' {"kty":"EC"}', 'jwk'],
    ['key.xml', '<RSAKeyValue>', 'rsa-xml'],
    ['secret.txt', 'c2VjcmV0IGJ5dGVz\n', 'secret-base64'],
    ['secret.txt', 'my secret!', 'secret'],
    ['', '', 'pem'],
  ])('the file %j with %j is taken for %s', (name, text, format) => {
    expect(formatOfKeyFile(name, text)).toBe(format);
  });
});
