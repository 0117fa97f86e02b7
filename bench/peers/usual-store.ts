// What both usual services share: the tables as entities, and the rows that they need.
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';

import 'reflect-metadata';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';

@Entity('services')
export class ServiceRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('varchar', { length: 64 }) keyHash: string;
}

@Entity('signing_keys')
export class SigningKeyRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('varchar', { length: 64 }) profile: string;
  @Column('varchar', { length: 16 }) algorithm: string;
  /** PEM, or the shared secret in Base64. */
  @Column('text') secret: string;
}

@Entity('audit_log')
export class AuditRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('varchar', { length: 36 }) serviceId: string;
  @Column('varchar', { length: 64 }) action: string;
  @Column('varchar', { length: 36 }) tokenId: string;
  @Column('text') details: string;
  @Column('bigint') createdAt: number;
}

const TABLES = [
  'CREATE TABLE services (id varchar(36) PRIMARY KEY, keyHash varchar(64) NOT NULL UNIQUE)',
  'CREATE TABLE signing_keys (id varchar(36) PRIMARY KEY, profile varchar(64) NOT NULL UNIQUE, algorithm varchar(16) NOT NULL, secret text NOT NULL)',
  'CREATE TABLE audit_log (id varchar(36) PRIMARY KEY, serviceId varchar(36) NOT NULL, action varchar(64) NOT NULL, tokenId varchar(36) NOT NULL, details text NOT NULL, createdAt bigint NOT NULL)',
  'CREATE INDEX audit_log_by_time ON audit_log (serviceId, createdAt)',
];

export const hashOf = (serviceKey: string): string => createHash('sha256').update(serviceKey).digest('hex');

function optionsOf(url: string): DataSourceOptions {
  const entities = [ServiceRow, SigningKeyRow, AuditRow];
  return url.startsWith('sqlite:')
    ? { type: 'better-sqlite3', database: url.slice('sqlite:'.length), entities, enableWAL: true }
    : { type: 'mysql', url, entities };
}

/** An empty database with one service and a key for each algorithm. */
export async function openStore(url: string, serviceKey: string): Promise<DataSource> {
  const source = await new DataSource(optionsOf(url)).initialize();
  for (const statement of TABLES) await source.query(statement);
  await source.getRepository(ServiceRow).save({ id: randomUUID(), keyHash: hashOf(serviceKey) });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secrets = {
    HS256: randomBytes(32).toString('base64'),
    ES256: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  for (const [algorithm, secret] of Object.entries(secrets)) {
    await source.getRepository(SigningKeyRow).save({ id: randomUUID(), profile: algorithm, algorithm, secret });
  }
  return source;
}
