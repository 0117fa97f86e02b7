import { flag, oneOf, optional, setting, text } from '#config';
import { Secret } from '#core';

import { type ClusterKind, clusterKinds } from './cluster.js';
import { parseDatabaseUrl } from './connection-url.js';
import { type TlsMode, tlsModes } from './tls.js';

/** Where the database is, and how the connections to it are protected. */
export const databaseSettings = {
  databaseUrl: setting({
    variable: 'DATABASE_URL',
    fallback: 'sqlite:./data/chancery.db',
    parse: (value) => {
      parseDatabaseUrl(value);
      return new Secret(value);
    },
    description:
      '`sqlite:<file>`, or `mysql://user:password@host:3306/database` for MySQL and MariaDB. Without parameters.',
    secret: true,
  }),
  databaseTls: optional({
    variable: 'CHANCERY_DATABASE_TLS',
    parse: oneOf<TlsMode>(tlsModes),
    description:
      'TLS of every connection to MySQL or MariaDB. `verify`: the certificate of the server is issued by a trusted ' +
      'authority, for its name. `verify-ca`: for any name. `required`: encrypted, to any server that answers. `off`. ' +
      'If unset, `off` for a loopback host and `verify` for every other.',
  }),
  databaseTlsCaFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CA_FILE',
    parse: text,
    description:
      'File with the certificates (PEM) of the authorities that the database server is verified by. Those of Node.js if unset.',
  }),
  databaseTlsCertificateFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CERTIFICATE_FILE',
    parse: text,
    description: 'File with the certificate (PEM) that the database server asks its clients for.',
  }),
  databaseTlsKeyFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_KEY_FILE',
    parse: text,
    description: 'File with the private key (PEM, unencrypted) of that certificate, readable by its owner only.',
  }),
  databaseTlsServerName: optional({
    variable: 'CHANCERY_DATABASE_TLS_SERVER_NAME',
    parse: text,
    description: 'The name in the certificate of the database server, where it is not the host of `DATABASE_URL`.',
  }),
  databaseCluster: optional({
    variable: 'CHANCERY_DATABASE_CLUSTER',
    parse: oneOf<ClusterKind | 'off'>([...clusterKinds, 'off']),
    description:
      'Whether the database server is part of a cluster whose servers each accept writes: `galera`, `group-replication`, or ' +
      '`off`. If unset, the server is asked at the start. See [operations](operations.md#clusters-of-databases).',
  }),
  allowUnsafeDatabase: setting({
    variable: 'CHANCERY_ALLOW_UNSAFE_DATABASE',
    fallback: 'false',
    parse: flag,
    description: 'Start with a warning, instead of not at all, on database settings that can lose or mix up data.',
  }),
} as const;
