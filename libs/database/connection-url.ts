/** The parts of a database URL. */
export type DatabaseTarget = SqliteTarget | MysqlTarget;

interface SqliteTarget {
  readonly kind: 'sqlite';
  readonly path: string;
}

/** MySQL or MariaDB; the server reports which. */
export interface MysqlTarget {
  readonly kind: 'mysql';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const SQLITE = 'sqlite:';
const MYSQL_PROTOCOLS: readonly string[] = ['mysql:', 'mariadb:'];
const MYSQL_PORT = 3306;
/** Parameters of other programs, and the corresponding settings here. */
const TLS_PARAMETER = /^(ssl|tls)/i;

/**
 * Reads `sqlite:<file>` or `mysql://user:password@host:3306/database`. Parameters are rejected: drivers support
 * different ones, and an operator could rely on one that is ignored (`?ssl=`).
 * @throws Error that continues "DATABASE_URL: ..."; it contains names of parameters, but no values
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  return url.startsWith(SQLITE) ? sqliteTarget(url.slice(SQLITE.length)) : mysqlTarget(url);
}

function sqliteTarget(path: string): SqliteTarget {
  const [file = '', query] = path.split('?', 2);
  if (query !== undefined) throw parametersRefused(new URLSearchParams(query));
  if (file === '') throw new Error('must name a file: sqlite:./data/chancery.db');
  // Reads and writes use separate connections, each of which would have its own in-memory database.
  if (file.startsWith(':')) throw new Error('must name a file: a database in memory is not supported');
  return { kind: 'sqlite', path: file };
}

function mysqlTarget(text: string): MysqlTarget {
  if (!MYSQL_PROTOCOLS.some((protocol) => text.startsWith(`${protocol}//`))) {
    throw new Error('must be a URL that starts with sqlite: or mysql: or mariadb:');
  }
  const url = URL.parse(text);
  if (!url) throw new Error('must be a valid URL: characters such as # / ? in a password are percent-encoded');
  if (url.search !== '') throw parametersRefused(url.searchParams);
  if (url.hash !== '') throw new Error('must have no fragment; write # in a password as %23');
  // A host of a scheme that URLs do not know keeps its percent-encoding, and IPv6 its brackets.
  const host = decoded(url.hostname, 'host').replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new Error('must name a host');
  const database = decoded(url.pathname.slice(1), 'database');
  if (database === '' || database.includes('/')) throw new Error('must name one database after the host');
  return {
    kind: 'mysql',
    host,
    port: url.port === '' ? MYSQL_PORT : Number(url.port),
    user: decoded(url.username, 'user'),
    password: decoded(url.password, 'password'),
    database,
  };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`must be percent-encoded: the ${what} is not`);
  }
}

function parametersRefused(parameters: URLSearchParams): Error {
  const names = [...new Set(parameters.keys())];
  const hint = names.some((name) => TLS_PARAMETER.test(name)) ? '; TLS is set by CHANCERY_DATABASE_TLS' : '';
  return new Error(`must have no parameters (${names.join(', ') || 'after ?'})${hint}`);
}
