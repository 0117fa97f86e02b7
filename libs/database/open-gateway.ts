import type { ClusterKind } from './cluster.js';
import { parseDatabaseUrl } from './connection-url.js';
import type { Gateway } from './gateway.js';
import { migrationsUpTo } from './migrations/index.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import type { DatabaseTls } from './tls.js';

/** The database and its connection. */
export interface ConnectionSettings {
  readonly url: string;
  readonly entities: readonly EntityClass[];
  readonly tls?: DatabaseTls;
  /** The newest migration that `migrate` runs; all of them unless said otherwise. */
  readonly schema?: string;
  readonly cluster?: ClusterKind | 'off' | undefined;
  readonly allowUnsafe?: boolean;
  readonly warn?: (message: string) => void;
  readonly statementTimeoutMilliseconds?: number;
}

/** Connects to the kind of database that the URL names. @throws Error where it does not answer or is not safe */
export async function openGateway(settings: ConnectionSettings): Promise<Gateway> {
  const { entities, cluster, allowUnsafe = false, tls = { mode: 'off' }, statementTimeoutMilliseconds } = settings;
  const { warn = () => undefined } = settings;
  for (const entity of entities) ownershipOf(entity);
  const target = parseDatabaseUrl(settings.url);
  const migrations = migrationsUpTo(settings.schema);
  // The driver of the other kind is not loaded, to save time at each start.
  if (target.kind === 'sqlite') {
    const { openSqlite } = await import('./sqlite.js');
    return openSqlite(target.path, entities, migrations);
  }
  const { openMysql } = await import('./mysql.js');
  return openMysql(target, entities, { tls, cluster, allowUnsafe, warn, statementTimeoutMilliseconds, migrations });
}
