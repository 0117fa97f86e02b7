import { describe, expect, it } from 'vitest';

import { readCertificateId } from './certificate-id.js';

describe('the unique identifier of a certificate', () => {
  it('the unique identifier of a certificate is read as in the example of RFC 9773 §4.1', () => {
    expect(readCertificateId('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')).toEqual({
      authorityKeyIdentifier: Buffer.from('69885b6b87464041e1b37b847ba0ae2cde01c8d4', 'hex'),
      serialNumber: '87654321',
    });
  });

  it.each(['', '.', 'aYhb', 'aYhb.', '.AIdl', 'aYhb.AIdl.AIdl', 'aYh=.AIdl', 'aYhb.A Idl', `aYhb.${'A'.repeat(40)}`])(
    'the unique identifier of a certificate is not %j',
    (text) => {
      expect(readCertificateId(text)).toBeUndefined();
    },
  );
});
