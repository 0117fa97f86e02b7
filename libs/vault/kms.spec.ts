import { describe, expect, it } from 'vitest';

import { kmsEndpoint, kmsKeyUri } from './kms.js';

describe('kmsKeyUri', () => {
  it.each([
    'aws-kms://arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'aws-kms://arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/chancery/master',
    'gcp-kms://projects/example.com:security/locations/global/keyRings/chancery/cryptoKeys/master',
    'transit://bao.internal:8200/transit/chancery',
    'transit://bao.internal/teams/security/transit/chancery',
    'transit+http://127.0.0.1:8200/transit/chancery',
    'transit+http://[::1]:8200/transit/chancery',
  ])('kmsKeyUri accepts %s', (uri) => {
    expect(kmsKeyUri(uri)).toBe(uri);
  });

  it.each([
    'arn:aws:kms:eu-central-1:111122223333:key/1234abcd',
    'aws-kms://arn:aws:s3:eu-central-1:111122223333:key/1234abcd',
    'gcp-kms://projects/example/locations/global/keyRings/chancery',
    'gcp-kms://projects/example/locations/global/keyRings/chancery/cryptoKeys/master/cryptoKeyVersions/1',
    'transit://bao.internal/chancery',
    'transit://bao.internal/transit/../sys/seal',
    'transit://user:password@bao.internal/transit/chancery',
    'transit://bao.internal/transit/chancery?namespace=other',
    // A token over plain HTTP may go to the same machine only.
    'transit+http://bao.internal:8200/transit/chancery',
    'transit+http://127.0.0.1.example.com/transit/chancery',
    'https://bao.internal/v1/transit/encrypt/chancery',
  ])('kmsKeyUri rejects %s', (uri) => {
    expect(() => kmsKeyUri(uri)).toThrow(/^must be aws-kms:.+, or gcp-kms:.+, or transit:/);
  });
});

describe('kmsEndpoint', () => {
  it.each(['https://vpce-1.kms.eu-central-1.vpce.amazonaws.com', 'http://127.0.0.1:8200', 'http://[::1]:8200/'])(
    'kmsEndpoint accepts %s',
    (url) => {
      expect(kmsEndpoint(url)).toBe(url);
    },
  );

  it.each(['http://bao.internal:8200', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1', 'bao.internal'])(
    'kmsEndpoint rejects %s',
    (url) => {
      expect(() => kmsEndpoint(url)).toThrow('must be a URL that starts with https:');
    },
  );
});
