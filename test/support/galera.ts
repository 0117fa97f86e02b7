import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type RowDataPacket, createConnection } from 'mysql2/promise';

import { temporaryFolder } from '../../scripts/memory-folder.mjs';

const PROVIDER = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so'].find((file) =>
  existsSync(file),
);
const SERVER = ['/usr/sbin/mariadbd', '/usr/libexec/mariadbd'].find((file) => existsSync(file));
const START_SECONDS = 60;
const POLL_MILLISECONDS = 50;
const AS_USER = process.getuid?.() === 0 ? ['--user=root'] : [];

/** Why there can be no cluster on this machine; `undefined` where there can. */
export const galeraAbsent: string | undefined =
  PROVIDER === undefined || SERVER === undefined ? 'galera-4 and mariadb-server are not installed' : undefined;

/** One server of a cluster. */
export interface GaleraNode {
  /** Of the server itself: user root, no password, loopback only. */
  readonly url: string;
  readonly port: number;
  /** As a power cut. */
  kill(): Promise<void>;
  /** Starts it again, from what is on its disk. */
  start(): Promise<void>;
  /** Cuts it off from the other nodes, not from its clients. */
  isolate(): Promise<void>;
  /** Undoes `isolate`. */
  rejoin(): Promise<void>;
}

export interface GaleraCluster {
  readonly nodes: readonly GaleraNode[];
  /** Waits until this many nodes are synchronised with each other. */
  awaitSize(size: number): Promise<void>;
  /** Waits until every node has it: a connection names its database before it can wait for what others have committed. */
  createDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a cluster on the loopback interface, in memory where the machine has room. The nodes begin with the same data, so
 * that none has to be sent a copy of another.
 * @throws Error with the log of the server that does not start
 */
export async function startGalera(size: number): Promise<GaleraCluster> {
  const folder = mkdtempSync(join(temporaryFolder(), 'galera-'));
  const ports = await freePorts(size * PORTS_PER_NODE);
  const nodes = Array.from({ length: size }, (_, index) => {
    const [client, group, transfer, snapshot] = ports.slice(index * PORTS_PER_NODE) as [number, number, number, number];
    return new Node(join(folder, String(index)), { client, group, transfer, snapshot });
  });
  const groups = nodes.map(({ ports: { group } }) => `127.0.0.1:${group}`).join(',');
  const stop = async (): Promise<void> => {
    for (const node of nodes) await node.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    nodes[0]!.initialise();
    // The first start gives the data its name and its place in the history of the cluster; the copies have both.
    await nodes[0]!.run(groups, ['--wsrep-new-cluster']);
    await nodes[0]!.shutDown();
    for (const node of nodes.slice(1)) cpSync(nodes[0]!.data, node.data, { recursive: true });
    // rsync, by which a node hands over what another has missed, writes as the user `nobody` where it is started by root.
    for (const node of nodes) chmodSync(node.data, 0o777);
    await nodes[0]!.run(groups, ['--wsrep-new-cluster']);
    for (const node of nodes.slice(1)) await node.run(groups);
    const cluster: GaleraCluster = {
      nodes,
      awaitSize: async (wanted) => {
        for (const deadline = Date.now() + START_SECONDS * 1000; ; await sleep(POLL_MILLISECONDS)) {
          const sizes = await Promise.all(nodes.map((node) => node.size()));
          if (sizes.filter((seen) => seen === wanted).length === wanted) return;
          if (Date.now() > deadline) throw new Error(`The nodes see ${sizes.join(', ')} instead of ${wanted}`);
        }
      },
      createDatabase: async (name) => {
        const statements = [
          `CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`,
          'SET SESSION wsrep_sync_wait = 1',
          'SELECT 1',
        ];
        for (const { url } of nodes) {
          const connection = await createConnection({ uri: url });
          for (const statement of statements) await connection.query(statement);
          await connection.end();
        }
      },
      stop,
    };
    await cluster.awaitSize(size);
    return cluster;
  } catch (error) {
    await stop();
    throw error;
  }
}

const PORTS_PER_NODE = 4;

interface Ports {
  readonly client: number;
  readonly group: number;
  readonly transfer: number;
  readonly snapshot: number;
}

class Node implements GaleraNode {
  #process: ChildProcess | undefined;
  #groups = '';

  constructor(
    private readonly folder: string,
    readonly ports: Ports,
  ) {
    mkdirSync(folder);
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get url(): string {
    return `mysql://root@127.0.0.1:${this.ports.client}/`;
  }

  get port(): number {
    return this.ports.client;
  }

  initialise(): void {
    const { status, stdout, stderr } = spawnSync(
      'mariadb-install-db',
      [
        '--no-defaults',
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        `--datadir=${this.data}`,
        ...AS_USER,
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`mariadb-install-db failed:\n${stdout}${stderr}`);
  }

  async run(groups: string, more: readonly string[] = []): Promise<void> {
    this.#groups = groups;
    const output = openSync(this.log, 'a');
    this.#process = spawn(SERVER!, [...this.options(), `--wsrep-cluster-address=gcomm://${groups}`, ...more], {
      stdio: ['ignore', output, output],
      detached: true,
    });
    for (
      const deadline = Date.now() + START_SECONDS * 1000;
      (await this.size()) === 0;
      await sleep(POLL_MILLISECONDS)
    ) {
      if (!hasEnded(this.#process) && Date.now() < deadline) continue;
      throw new Error(`A node of the cluster did not start:\n${readFileSync(this.log, 'utf8').slice(-4000)}`);
    }
  }

  /** How many nodes it is synchronised with, itself included; 0 where it is not part of a majority, or does not answer. */
  async size(): Promise<number> {
    try {
      return await this.asking(async (ask) => {
        const status = new Map(
          (await ask("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_size')")).map((row) => [
            String(row['Variable_name']),
            String(row['Value']),
          ]),
        );
        return status.get('wsrep_ready') === 'ON' ? Number(status.get('wsrep_cluster_size')) : 0;
      });
    } catch {
      return 0;
    }
  }

  async start(): Promise<void> {
    await this.run(this.#groups, [`--wsrep-start-position=${this.lastPosition()}`]);
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async shutDown(): Promise<void> {
    await this.end('SIGTERM');
  }

  async isolate(): Promise<void> {
    await this.provide('gmcast.isolate=1');
  }

  async rejoin(): Promise<void> {
    await this.provide('gmcast.isolate=0');
  }

  private get log(): string {
    return join(this.folder, 'log');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Where its data stands in the history of the cluster after a kill, by the server's own recovery. */
  private lastPosition(): string {
    const { stdout, stderr } = spawnSync(
      SERVER!,
      [...this.options(), `--wsrep-cluster-address=gcomm://${this.#groups}`, '--wsrep-recover'],
      { encoding: 'utf8' },
    );
    const position = /Recovered position: (\S+)/.exec(stdout + stderr)?.[1];
    if (position === undefined) throw new Error(`The position of a node was not recovered:\n${stdout}${stderr}`);
    return position;
  }

  private options(): string[] {
    const { client, group, transfer, snapshot } = this.ports;
    const provider = [
      `gmcast.listen_addr=tcp://127.0.0.1:${group}`,
      `ist.recv_addr=127.0.0.1:${transfer}`,
      'gcache.size=64M',
      // A loaded machine must not take a slow node for a dead one, and a test not wait for long.
      'evs.keepalive_period=PT0.5S',
      'evs.inactive_check_period=PT0.25S',
      'evs.suspect_timeout=PT3S',
      'evs.inactive_timeout=PT6S',
      'evs.install_timeout=PT6S',
    ];
    return [
      '--no-defaults',
      `--datadir=${this.data}`,
      `--socket=${join(this.folder, 'socket')}`,
      `--pid-file=${join(this.folder, 'pid')}`,
      `--port=${client}`,
      '--bind-address=127.0.0.1',
      '--max-connections=200',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=32M',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-autoinc-lock-mode=2',
      '--binlog-format=ROW',
      '--skip-log-bin',
      '--character-set-server=utf8mb4',
      '--collation-server=utf8mb4_nopad_bin',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      '--wsrep-cluster-name=chancery',
      `--wsrep-node-address=127.0.0.1:${group}`,
      `--wsrep-sst-receive-address=127.0.0.1:${snapshot}`,
      '--wsrep-sst-method=rsync',
      '--wsrep-slave-threads=2',
      `--wsrep-provider-options=${provider.join(';')}`,
      ...AS_USER,
    ];
  }

  private provide(option: string): Promise<unknown> {
    return this.asking((ask) => ask(`SET GLOBAL wsrep_provider_options = '${option}'`));
  }

  private async asking<T>(work: (ask: (statement: string) => Promise<RowDataPacket[]>) => Promise<T>): Promise<T> {
    const connection = await createConnection({ uri: this.url, connectTimeout: 2_000 });
    connection.on('error', () => undefined);
    try {
      return await work(async (statement) => (await connection.query<RowDataPacket[]>(statement))[0]);
    } finally {
      connection.destroy();
    }
  }
}

/** Ports that are free now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;
