/** What a server of MySQL or MariaDB says of itself. */
export interface ServerSettings {
  version: string;
  collation: string;
  flushAtCommit: number;
  logBin: number;
  syncBinlog: number;
  sqlMode: string;
}

/** The settings that can lose acknowledged data or treat different identifiers as equal; empty where all is well. */
export function unsafeSettings(settings: Omit<ServerSettings, 'version'>, mariadb: boolean): string[] {
  const collation = mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const findings: string[] = [];
  if (settings.collation !== collation) {
    findings.push(
      `the database's collation is ${settings.collation}, which takes different identifiers for equal; ` +
        `run: ALTER DATABASE CHARACTER SET utf8mb4 COLLATE ${collation};`,
    );
  }
  if (settings.flushAtCommit !== 1) findings.push('innodb_flush_log_at_trx_commit must be 1');
  if (settings.logBin === 1 && settings.syncBinlog !== 1) findings.push('sync_binlog must be 1 while the binlog is on');
  if (!/STRICT_(TRANS|ALL)_TABLES/.test(settings.sqlMode)) findings.push('sql_mode must hold STRICT_TRANS_TABLES');
  return findings;
}
