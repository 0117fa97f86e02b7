import type { Connection, RowDataPacket } from 'mysql2/promise';

/**
 * Clusters in which every server accepts writes. A lock exists on one server only: at the commit, the others learn which rows
 * were written (certification), not which were locked. A server applies commits of others with a delay, so that a read can be
 * older than an earlier response.
 */
export const clusterKinds = ['galera', 'group-replication'] as const;
export type ClusterKind = (typeof clusterKinds)[number];

interface Cluster {
  /** Makes reads and the start of transactions on this connection wait for all commits in the cluster. */
  readonly causalReads: string;
  /** A query whose only column is 1 if they do. */
  readonly proof: string;
  /** The description for operators. */
  readonly setting: string;
  /** Permits a transaction larger than the limit of one replicated message; empty if the cluster has no such setting. */
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
  /** `undefined` for a single server, or one that the operator declares as single. */
  readonly kind: ClusterKind | undefined;
  /** Warnings for the operator; empty if reads are causal. */
  readonly warnings: readonly string[];
}

const VARIABLES = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_group_name')";

/**
 * Finds out whether the server is part of a cluster, and whether its reads can be made causal.
 * @param declared the setting of the operator, which overrides what the server reports
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
    // The account may not set it, or the server does not support it; the warning shows that.
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
