// A MariaDB (or MySQL) server for one test run: own data folder, socket and port, gone afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from './memory-folder.mjs';
import { Explained } from './project.mjs';

const START_SECONDS = 60;
const STOP_SECONDS = 30;
// Debian keeps servers in /usr/sbin, which an ordinary user's PATH may lack.
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

const SERVERS = ['mariadbd', 'mysqld'];

const ABSENT = `No database server was found. Either
  - set TEST_DATABASE_URL=mysql://user:password@host:3306/ to a server on which databases may be created, or
  - install one for throw-away use: apt-get install -y mariadb-server`;

/** The first of these programs that is installed, as a full path. */
function find(...names) {
  const candidates = names.flatMap((name) => FOLDERS.filter(Boolean).map((folder) => join(folder, name)));
  return candidates.find((path) => existsSync(path));
}

/** Whether a server is installed that could be started. */
export const isDatabaseInstalled = () => find(...SERVERS) !== undefined;

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Whether a server greets on this port: its first packet carries protocol version 10 after a header of four bytes. */
const greets = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (greeted) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('data', (data) => answer(data[4] === 10));
  });

function initialise(server, isMariaDb, folder, asUser) {
  const data = join(folder, 'data');
  mkdirSync(data);
  const installer = find('mariadb-install-db', 'mysql_install_db');
  if (isMariaDb && !installer) throw new Explained(`${server} is there, but mariadb-install-db is not.`);
  const [program, ...options] = isMariaDb
    ? [installer, '--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db']
    : [server, '--no-defaults', '--initialize-insecure'];
  const { status, stdout, stderr } = spawnSync(program, [...options, `--datadir=${data}`, ...asUser], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Explained(`${program} failed:\n${stdout}${stderr}`);
  return data;
}

/**
 * Starts the server and waits until it greets.
 *
 * @param more further options of the server
 * @returns its URL (user root, no password, loopback only), its process id, and `stop`, which ends it and removes its
 *   folder
 */
export async function startThrowawayDatabase(more = []) {
  const server = find(...SERVERS);
  if (!server) throw new Explained(ABSENT);
  const isMariaDb = /mariadb/i.test(spawnSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' }).stdout);
  const asUser = process.getuid?.() === 0 ? ['--user=root'] : [];
  // A socket's path may hold about 100 bytes: keep the folder's name short.
  const folder = mkdtempSync(join(temporaryFolder(), 'chancery-'));
  let child;
  const stop = async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
      await ended;
      clearTimeout(patience);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const data = initialise(server, isMariaDb, folder, asUser);
    const port = await freePort();
    const log = join(folder, 'server.log');
    const output = openSync(log, 'w');
    child = spawn(
      server,
      [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${join(folder, 'socket')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--max-connections=400',
        // As in production: an acknowledged commit is on the disk, and strings compare byte by byte.
        '--innodb-flush-log-at-trx-commit=1',
        '--skip-log-bin',
        '--character-set-server=utf8mb4',
        `--collation-server=${isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`,
        ...(isMariaDb ? [] : ['--mysqlx=OFF']),
        ...asUser,
        ...more,
      ],
      // Its own process group: Ctrl-C must reach the tests first and the server only through `stop`.
      { stdio: ['ignore', output, output], detached: true },
    );
    child.once('error', () => undefined);
    for (let waited = 0; !(await greets(port)); waited += 0.1) {
      if (child.pid === undefined || child.exitCode !== null || waited > START_SECONDS) {
        throw new Explained(`${server} did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
      }
      await sleep(100);
    }
    return { url: `mysql://root@127.0.0.1:${port}/`, version: isMariaDb ? 'MariaDB' : 'MySQL', pid: child.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
