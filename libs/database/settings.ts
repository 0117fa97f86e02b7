import { flag, oneOf, optional, setting, text } from '#config';
import { Secret } from '#core';

import { type ClusterKind, clusterKinds } from './cluster.js';
import { parseDatabaseUrl } from './connection-url.js';
import { type TlsMode, tlsModes } from './tls.js';

/** The database and the protection of its connections. */
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
      "TLS for all connections to MySQL or MariaDB. `verify`: a trusted authority issued the server's " +
      'certificate for its name. `verify-ca`: for any name. `required`: encrypted, to any server. `off`: not ' +
      'encrypted. Default: `off` for a loopback host, `verify` for every other host.',
  }),
  databaseTlsCaFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CA_FILE',
    parse: text,
    description: 'PEM file with the trusted authorities for the database server. Default: those of Node.js.',
  }),
  databaseTlsCertificateFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CERTIFICATE_FILE',
    parse: text,
    description: 'PEM file with the client certificate for the database server.',
  }),
  databaseTlsKeyFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_KEY_FILE',
    parse: text,
    description: 'PEM file with the unencrypted private key of the client certificate; only its owner may read it.',
  }),
  databaseTlsServerName: optional({
    variable: 'CHANCERY_DATABASE_TLS_SERVER_NAME',
    parse: text,
    description: "Name in the database server's certificate, if it is not the host of `DATABASE_URL`.",
  }),
  databaseCluster: optional({
    variable: 'CHANCERY_DATABASE_CLUSTER',
    parse: oneOf<ClusterKind | 'off'>([...clusterKinds, 'off']),
    description:
      'Whether the database server belongs to a cluster in which every server accepts writes: `galera`, ' +
      '`group-replication`, or `off`. Default: detected at start. See ' +
      '[operations](operations.md#clusters-of-databases).',
  }),
  allowUnsafeDatabase: setting({
    variable: 'CHANCERY_ALLOW_UNSAFE_DATABASE',
    fallback: 'false',
    parse: flag,
    description: 'Start with a warning instead of an error if the database settings can lose or mix up data.',
  }),
} as const;
