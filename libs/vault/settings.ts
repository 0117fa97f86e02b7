import { optional, setting, text } from '#config';
import { Secret } from '#core';
import { parseMasterKey } from '#crypto';

import { kmsEndpoint, kmsKeyUri } from './kms.js';

/** Checked here, so that a wrong one stops the start with all other problems; opened where it is used. */
function masterKey(value: string): Secret {
  parseMasterKey(value);
  return new Secret(value);
}

/** Where the master key is, and the one before. */
export const masterKeySettings = {
  masterKey: optional({
    variable: 'CHANCERY_MASTER_KEY',
    excludes: ['CHANCERY_MASTER_KEY_FILE', 'CHANCERY_PKCS11_MODULE', 'CHANCERY_KMS_KEY'],
    parse: masterKey,
    description: 'Master key: Base64 of 32 random bytes. Overrides `CHANCERY_MASTER_KEY_FILE`.',
    secret: true,
  }),
  masterKeyFile: setting({
    variable: 'CHANCERY_MASTER_KEY_FILE',
    fallback: './data/master.key',
    parse: text,
    description:
      'File with the master key; only its owner may read it. Created at the first start with a new database.',
  }),
  previousMasterKey: optional({
    variable: 'CHANCERY_PREVIOUS_MASTER_KEY',
    excludes: ['CHANCERY_PREVIOUS_MASTER_KEY_FILE', 'CHANCERY_PREVIOUS_KMS_KEY'],
    parse: masterKey,
    description: 'The previous master key, while data keys are re-wrapped.',
    secret: true,
  }),
  previousMasterKeyFile: optional({
    variable: 'CHANCERY_PREVIOUS_MASTER_KEY_FILE',
    excludes: ['CHANCERY_PREVIOUS_KMS_KEY'],
    parse: text,
    description: 'File with the previous master key, while data keys are re-wrapped.',
  }),
  pkcs11Module: optional({
    variable: 'CHANCERY_PKCS11_MODULE',
    excludes: ['CHANCERY_MASTER_KEY_FILE', 'CHANCERY_KMS_KEY'],
    parse: text,
    description:
      'Path of a PKCS#11 module: the master key is a key on its token and never leaves it. Replaces ' +
      '`CHANCERY_MASTER_KEY` and `CHANCERY_MASTER_KEY_FILE`.',
  }),
  pkcs11TokenLabel: setting({
    variable: 'CHANCERY_PKCS11_TOKEN_LABEL',
    fallback: 'chancery',
    parse: text,
    description: 'Label of the token.',
  }),
  pkcs11KeyLabel: setting({
    variable: 'CHANCERY_PKCS11_KEY_LABEL',
    fallback: 'chancery-master-key',
    parse: text,
    description: 'Label of the AES-256 key on the token. The key is created at the first start with a new database.',
  }),
  pkcs11Pin: optional({
    variable: 'CHANCERY_PKCS11_PIN',
    parse: (value) => new Secret(value),
    description: 'User PIN of the token.',
    secret: true,
  }),
  kmsKey: optional({
    variable: 'CHANCERY_KMS_KEY',
    excludes: ['CHANCERY_MASTER_KEY_FILE'],
    parse: kmsKeyUri,
    description:
      'The master key is a key of a key management service and never leaves it: `aws-kms://ARN`, `gcp-kms://projects/...`, or `transit://HOST/MOUNT/KEY` (OpenBao, HashiCorp Vault).',
  }),
  previousKmsKey: optional({
    variable: 'CHANCERY_PREVIOUS_KMS_KEY',
    parse: kmsKeyUri,
    description: 'The same for the previous master key, while data keys are re-wrapped.',
  }),
  kmsEndpoint: optional({
    variable: 'CHANCERY_KMS_ENDPOINT',
    parse: kmsEndpoint,
    description: 'Base URL of the service of `CHANCERY_KMS_KEY`, if it has an endpoint in your network.',
  }),
  previousKmsEndpoint: optional({
    variable: 'CHANCERY_PREVIOUS_KMS_ENDPOINT',
    parse: kmsEndpoint,
    description: 'The same for the service of `CHANCERY_PREVIOUS_KMS_KEY`.',
  }),
  transitToken: optional({
    variable: 'CHANCERY_TRANSIT_TOKEN',
    excludes: ['CHANCERY_TRANSIT_TOKEN_FILE'],
    parse: (value) => new Secret(value),
    description: 'Token for the transit engine.',
    secret: true,
  }),
  transitTokenFile: optional({
    variable: 'CHANCERY_TRANSIT_TOKEN_FILE',
    parse: text,
    description: 'File with the token for the transit engine; read for each request, so an agent can renew it.',
  }),
  transitNamespace: optional({
    variable: 'CHANCERY_TRANSIT_NAMESPACE',
    parse: text,
    description: 'Namespace of the transit engine.',
  }),
} as const;
