import { setTimeout as delay } from 'node:timers/promises';

import type { TestTenant } from '../support/server.js';
import { type ProcessAnswer, type ServerProcess, request } from './server-process.js';

const PAUSE_AFTER_FAILURE_MILLISECONDS = 100;
/** How many of the connections change credentials; the others sign. */
const CHANGING_SHARE = 1 / 4;
const READY_MILLISECONDS = 60_000;

/** What the clients of a load saw. */
export interface LoadCounts {
  /** Ids of tokens that were acknowledged. */
  readonly tokens: string[];
  /** Changes of credentials that were acknowledged. */
  changes: number;
  /** Requests that one process did not answer, or with 5xx; another was asked then. */
  failedAttempts: number;
  /** Requests that no process answered. */
  failed: number;
}

interface LoadTarget {
  readonly tenant: TestTenant;
  readonly profile: string;
  readonly serviceKey: string;
  /** Paths of two credentials of one kind of a service: the last active one cannot be discarded. */
  readonly credentials: readonly string[];
}

/**
 * Signs, and discards and reactivates credentials, over many connections. Each has a process of its own and asks the others
 * where that one fails, as a load balancer does.
 * @param processes may be replaced while the load is under way
 */
export class ClusterLoad {
  readonly counts: LoadCounts = { tokens: [], changes: 0, failedAttempts: 0, failed: 0 };
  readonly #clients: Promise<void>[];
  #stopped = false;

  constructor(
    private readonly processes: readonly ServerProcess[],
    private readonly target: LoadTarget,
    connections: number,
  ) {
    const changing = Math.ceil(connections * CHANGING_SHARE);
    this.#clients = Array.from({ length: connections }, (_, client) =>
      client < changing ? this.#change(client) : this.#sign(client),
    );
  }

  async stop(): Promise<LoadCounts> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return this.counts;
  }

  async #sign(client: number): Promise<void> {
    const { profile, serviceKey } = this.target;
    const call = { body: {}, headers: { 'X-Service-Key': serviceKey } };
    while (!this.#stopped) {
      const answer = await this.#ask(client, 'POST', `/v1/sign/${profile}`, call);
      if (answer?.status === 200) this.counts.tokens.push(answer.body['tokenId']!);
      else if (answer) throw new Error(`A token was refused: ${answer.status} ${answer.body['code']}`);
    }
  }

  async #change(client: number): Promise<void> {
    const { credentials, tenant } = this.target;
    for (let turn = client; !this.#stopped; turn += 1) {
      const path = credentials[turn % credentials.length]!;
      const action = Math.random() < 0.5 ? 'discard' : 'reactivate';
      const answer = await this.#ask(client, 'POST', `${path}/${action}`, { token: tenant.owner.token });
      // Another client was faster, or it would be the last one.
      if (answer && answer.status < 300) this.counts.changes += 1;
      else if (answer && answer.status !== 409) throw new Error(`${action}: ${answer.status} ${answer.body['code']}`);
    }
  }

  async #ask(client: number, ...[method, path, call]: Asked): Promise<ProcessAnswer | undefined> {
    for (let attempt = 0; attempt < this.processes.length; attempt += 1) {
      const process = this.processes[(client + attempt) % this.processes.length]!;
      const answer = await request(process, method, path, call).catch(() => undefined);
      if (answer && answer.status < 500) return answer;
      this.counts.failedAttempts += 1;
    }
    this.counts.failed += 1;
    await delay(PAUSE_AFTER_FAILURE_MILLISECONDS);
    return undefined;
  }
}

type Asked = [method: string, path: string, call: Parameters<typeof request>[3]];

/** Waits until a process is ready. */
export async function awaitReady(server: ServerProcess): Promise<void> {
  for (const deadline = Date.now() + READY_MILLISECONDS; Date.now() < deadline;) {
    const answer = await request(server, 'GET', '/health/ready').catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(PAUSE_AFTER_FAILURE_MILLISECONDS);
  }
  throw new Error(`A process does not become ready:\n${server.output()}`);
}
