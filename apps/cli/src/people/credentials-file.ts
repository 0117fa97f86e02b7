import { type FileHandle, chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { StoredSession } from '#sdk';

import { Refusal } from '../terminal.js';

/** What is known of one server. */
export interface StoredServer {
  readonly session?: StoredSession;
  /** An API token or a service key. */
  readonly token?: string;
  /** The tenant that commands work with: id or slug. */
  readonly tenant?: string;
}

interface Contents {
  /** The server that was signed in to last: commands that name none ask it. */
  readonly current?: string;
  readonly servers: Readonly<Record<string, StoredServer>>;
}

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const LOCK_SECONDS_MAX = 30;
const LOCK_POLL_MILLISECONDS = 50;

type Environment = Readonly<Record<string, string | undefined>>;

/** Credentials of a person between two commands, for no other user of the machine to read. */
export class CredentialsFile {
  readonly path: string;

  /** By the XDG base directory specification. */
  constructor(environment: Environment) {
    const { XDG_CONFIG_HOME: xdg, HOME: home = homedir() } = environment;
    this.path = join(xdg?.startsWith('/') ? xdg : join(home, '.config'), 'chancery', 'credentials.json');
  }

  /** @throws Refusal where others may read the file, or it is damaged */
  async read(): Promise<Contents> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
      const { mode } = await stat(this.path);
      if ((mode & OTHERS) !== 0) throw new Refusal(`${this.path} can be read by others: chmod 600 it, or remove it`);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return { servers: {} };
      throw error;
    }
    try {
      return JSON.parse(text) as Contents;
    } catch {
      throw new Refusal(`${this.path} is damaged: remove it, and sign in again`);
    }
  }

  async server(url: string): Promise<StoredServer | undefined> {
    return (await this.read()).servers[url];
  }

  /** Replaces what is known of a server; `undefined` forgets it. */
  async change(url: string, change: (known: StoredServer | undefined) => StoredServer | undefined): Promise<void> {
    await this.locked('credentials.lock', async () => {
      const { current, servers } = await this.read();
      const { [url]: known, ...others } = servers;
      const changed = change(known);
      const present = changed === undefined && current === url ? Object.keys(others)[0] : changed ? url : current;
      await this.write({
        ...(present === undefined ? {} : { current: present }),
        servers: changed === undefined ? others : { ...others, [url]: changed },
      });
    });
  }

  /** Runs a piece of work while no other process does: a refresh token is accepted once. */
  renewing<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.locked('renewal.lock', work);
  }

  /** A file that is replaced as a whole is never seen half-written. */
  private async write(contents: Contents): Promise<void> {
    const next = `${this.path}.${process.pid}`;
    await writeFile(next, `${JSON.stringify(contents, undefined, 2)}\n`, { mode: OWNER_ONLY });
    await chmod(next, OWNER_ONLY);
    await rename(next, this.path);
  }

  private async locked<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = join(folder, name);
    const held = await acquire(lock);
    try {
      return await work();
    } finally {
      await held.close();
      await rm(lock, { force: true });
    }
  }
}

/** @throws Refusal where the lock stays held */
async function acquire(lock: string): Promise<FileHandle> {
  for (let waited = 0; ; waited += LOCK_POLL_MILLISECONDS) {
    try {
      return await open(lock, 'wx', OWNER_ONLY);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    if (waited >= LOCK_SECONDS_MAX * 1_000) {
      throw new Refusal(`Another command holds ${lock}; remove it if none is running`);
    }
    await sleep(LOCK_POLL_MILLISECONDS);
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
