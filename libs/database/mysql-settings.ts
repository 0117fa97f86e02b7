/** The settings that a MySQL or MariaDB server reports. */
export interface ServerSettings {
  version: string;
  collation: string;
  flushAtCommit: number;
  logBin: number;
  syncBinlog: number;
  sqlMode: string;
}

/** The oldest supported versions: their manuals document the behaviour of locks and schema changes. */
const OLDEST = { mariadb: [10, 6], mysql: [8, 0] } as const;

/** Why the version of the server is too old; `undefined` if it is not. */
function tooOld(version: string, mariadb: boolean): string | undefined {
  const [major, minor] = mariadb ? OLDEST.mariadb : OLDEST.mysql;
  // Some servers of MariaDB begin with the version that they show to replicas of MySQL.
  const [, ownMajor, ownMinor] = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version) ?? [];
  const [given, asked] = [Number(ownMajor) * 1_000 + Number(ownMinor), major * 1_000 + minor];
  // An unreadable version is accepted: another product uses the same protocol.
  if (!(given < asked)) return undefined;
  return `the server is ${mariadb ? 'MariaDB' : 'MySQL'} ${version}; ${major}.${minor} or newer is needed`;
}

/** Settings that can lose acknowledged data, treat different identifiers as equal, or are not supported; empty if there are none. */
export function unsafeSettings(settings: ServerSettings, mariadb: boolean): string[] {
  const collation = mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const old = tooOld(settings.version, mariadb);
  const findings = old === undefined ? [] : [old];
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
