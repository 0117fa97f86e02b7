import type { Connection, RowDataPacket } from 'mysql2/promise';

/**
 * Clusters whose servers each accept writes. Their locks are those of one server: another learns at the commit which rows
 * were written (certification), and nothing of those that were locked. And a server applies what another has committed a
 * moment later, so that a read can be older than an answer that was given already.
 */
export const clusterKinds = ['galera', 'group-replication'] as const;
export type ClusterKind = (typeof clusterKinds)[number];

interface Cluster {
  /** Lets reads and the beginning of a transaction wait for what is committed anywhere, on this connection. */
  readonly causalReads: string;
  /** A query whose one column is 1 where they do. */
  readonly proof: string;
  /** What an operator reads about it. */
  readonly setting: string;
  /** Lets the transaction of this connection be larger than what servers send each other in one piece; empty where nothing does. */
  readonly large: readonly string[];
}

const FRAGMENT_BYTES_MAX = 16 * 2 ** 20;

export const CLUSTERS: Readonly<Record<ClusterKind, Cluster>> = {
  // https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait: 1 is SELECT and START TRANSACTION.
  galera: {
    causalReads: 'SET SESSION wsrep_sync_wait = @@SESSION.wsrep_sync_wait | 1',
    proof: 'SELECT @@SESSION.wsrep_sync_wait & 1 AS isCausal',
    setting: 'wsrep_sync_wait=1',
    // Streaming replication: fragments are sent as they are written, and each of them is smaller than `wsrep_max_ws_size`
    // (https://galeracluster.com/library/documentation/streaming-replication.html).
    large: [
      "SET SESSION wsrep_trx_fragment_unit = 'bytes'",
      `SET SESSION wsrep_trx_fragment_size = LEAST(${FRAGMENT_BYTES_MAX}, @@GLOBAL.wsrep_max_ws_size DIV 2)`,
    ],
  },
  // https://dev.mysql.com/doc/refman/8.4/en/group-replication-configuring-consistency-guarantees.html
  'group-replication': {
    causalReads:
      "SET SESSION group_replication_consistency = IF(@@SESSION.group_replication_consistency = 'BEFORE_AND_AFTER', " +
      "'BEFORE_AND_AFTER', 'BEFORE')",
    proof: "SELECT @@SESSION.group_replication_consistency IN ('BEFORE', 'BEFORE_AND_AFTER') AS isCausal",
    setting: 'group_replication_consistency=BEFORE',
    // `group_replication_transaction_size_limit` is the operator's to set.
    large: [],
  },
};

/** What a server says about the cluster that it is part of. */
export interface ClusterProbe {
  /** `undefined` where it is a server by itself, or was declared to be one. */
  readonly kind: ClusterKind | undefined;
  /** What an operator should know; empty where reads are causal. */
  readonly warnings: readonly string[];
}

const VARIABLES = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_group_name')";

/**
 * Finds out whether the server is part of a cluster, and whether its reads can be made causal.
 * @param declared the operator's own word, which counts more than the server's
 */
export async function probeCluster(
  connection: Connection,
  declared: ClusterKind | 'off' | undefined,
): Promise<ClusterProbe> {
  if (declared === 'off') return { kind: undefined, warnings: [] };
  const kind = declared ?? (await kindOf(connection));
  if (kind === undefined) return { kind, warnings: [] };
  const { causalReads, proof, setting } = CLUSTERS[kind];
  try {
    await connection.query(causalReads);
    const [[row]] = await connection.query<({ isCausal: number } & RowDataPacket)[]>(proof);
    if (Number(row?.isCausal) === 1) return { kind, warnings: [] };
  } catch {
    // The account may not set it, or the server does not know it: to be seen by the warning.
  }
  const warning =
    `The database is a cluster (${kind}) and the connection does not take ${setting}: what one instance has ` +
    'withdrawn can be accepted by another for as long as the servers of the cluster lag behind each other';
  return { kind, warnings: [warning] };
}

async function kindOf(connection: Connection): Promise<ClusterKind | undefined> {
  const [rows] = await connection.query<({ Variable_name: string; Value: string } & RowDataPacket)[]>(VARIABLES);
  const values = new Map(rows.map(({ Variable_name, Value }) => [Variable_name.toLowerCase(), Value]));
  if (values.get('wsrep_on') === 'ON') return 'galera';
  return values.get('group_replication_group_name') ? 'group-replication' : undefined;
}
