import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { SECOND, systemClock } from '#core';

import { BODY, requestToken } from '../e2e/vendors/vendor.js';
import { PASSWORD, type Shape } from '../support/server.js';
import { type Call, type ProcessAnswer, type ServerProcess, request } from './server-process.js';

const PAUSE_AFTER_FAILURE_MILLISECONDS = 100;
/** `proxy_read_timeout` is over: an instance took longer than nginx waits. */
const LATE = '504 of nginx';
const UNAVAILABLE = '502 of nginx';
/** `fail_timeout`: for so long nginx does without an instance that was late, and answers 502 where it has no other one. */
const WITHOUT_LATE_MILLISECONDS = 2 * SECOND;
const UNAVAILABLE_AFTER_LATE = `${UNAVAILABLE}, after 504`;
/** What requests end with that an instance was too slow for. */
export const LATE_REASONS: readonly string[] = [LATE, UNAVAILABLE_AFTER_LATE];
const ATTEMPTS = 3;

/** What a request to the load balancer ends with: its answer, or an error where there is none. */
export type Send = (method: string, path: string, call?: Call) => Promise<ProcessAnswer>;

/** What the clients of a load saw. */
export interface LoadCounts {
  /** Ids of tokens that were acknowledged. */
  readonly tokens: string[];
  /** Changes of the two credentials of one service that were acknowledged. */
  changes: number;
  /** Credentials whose withdrawal was acknowledged. */
  revoked: number;
  /** Where one of those was accepted afterwards, and by whom. */
  readonly acceptedRevoked: string[];
  /** Tokens for use once whose use was acknowledged. */
  used: number;
  /** Those that were accepted once more. */
  readonly acceptedAgain: string[];
  /** Names of what was created by requests with an idempotency key, and the ids that were acknowledged. */
  readonly created: Map<string, string>;
  /** Repetitions that were answered otherwise than the first request. */
  readonly answeredOtherwise: string[];
  /** Requests to the load balancer, repetitions included. */
  requests: number;
  /** Those without an answer, or with one of 5xx, by what they ended with; each was repeated. */
  readonly failures: Map<string, number>;
  /** What all attempts failed for. */
  failed: number;
}

export interface TenantAccess {
  readonly path: string;
  readonly token: string;
}

export interface LoadTarget {
  /** By the load balancer. */
  readonly send: Send;
  /** Each of them is asked whether it accepts what was withdrawn; may be replaced while the load is under way. */
  readonly processes: readonly ServerProcess[];
  readonly signer: { readonly profile: string; readonly serviceKey: string };
  /** Two credentials of one kind of a service: the last active one cannot be discarded. */
  readonly pair: TenantAccess & { readonly credentials: readonly string[] };
  /** Services of which each has one credential, and no other user. */
  readonly revocable: readonly (TenantAccess & { readonly profile: string })[];
  /** Of a certificate whose owner makes tokens for use once. */
  readonly kid: string;
  /** Where services are created. */
  readonly creating: TenantAccess;
}

/** What each of eight connections does. */
const WORK = ['change', 'sign', 'revoke', 'use', 'create', 'sign', 'change', 'sign'] as const;

/** How many of so many connections withdraw credentials: each needs a service of its own. */
export const revokingOf = (connections: number): number =>
  Array.from({ length: connections }, (_, client) => WORK[client % WORK.length]).filter((work) => work === 'revoke')
    .length;

/** Works by a load balancer over many connections, repeats what fails, and looks whether the answers agree with each other. */
export class ClusterLoad {
  readonly counts: LoadCounts = {
    tokens: [],
    changes: 0,
    revoked: 0,
    acceptedRevoked: [],
    used: 0,
    acceptedAgain: [],
    created: new Map(),
    answeredOtherwise: [],
    requests: 0,
    failures: new Map(),
    failed: 0,
  };
  readonly #clients: Promise<unknown>;
  readonly #revocable: LoadTarget['revocable'][number][];
  #stopped = false;
  #withoutLateUntil = 0;

  constructor(
    private readonly target: LoadTarget,
    connections: number,
  ) {
    this.#revocable = [...target.revocable];
    const turns = {
      change: this.#change.bind(this),
      sign: this.#sign.bind(this),
      revoke: this.#revoke.bind(this),
      use: this.#use.bind(this),
      create: this.#create.bind(this),
    };
    const repeat = async (turn: (number: number) => Promise<unknown>, first: number): Promise<void> => {
      for (let number = first; !this.#stopped; number += 1) await turn(number);
    };
    this.#clients = Promise.all(
      Array.from({ length: connections }, (_, client) => repeat(turns[WORK[client % WORK.length]!], client)),
    );
    // Whoever waits for the end hears of it.
    this.#clients.catch(() => undefined);
  }

  /** @throws Error where a client was answered what no fault explains */
  async stop(): Promise<LoadCounts> {
    this.#stopped = true;
    await this.#clients;
    return this.counts;
  }

  async #sign(): Promise<void> {
    const { profile, serviceKey } = this.target.signer;
    const answer = await this.#ask('POST', `/v1/sign/${profile}`, withKey(serviceKey));
    if (answer) this.counts.tokens.push(required(answer, 200).body['tokenId']!);
  }

  async #change(turn: number): Promise<void> {
    const { credentials, token } = this.target.pair;
    const path = credentials[turn % credentials.length]!;
    const answer = await this.#ask('POST', `${path}/${Math.random() < 0.5 ? 'discard' : 'reactivate'}`, { token });
    // Another client was faster, or it would be the last one.
    if (answer && required(answer, 200, 409).status === 200) this.counts.changes += 1;
  }

  /** Creates a credential, uses it, withdraws it, and asks every process whether it accepts it still. */
  async #revoke(): Promise<void> {
    const service = this.#revocable.pop();
    if (service === undefined) throw new Error('Each connection that withdraws credentials needs a service');
    try {
      const { path, token, profile } = service;
      const created = await this.#ask('POST', path, { token, body: { authType: 'service_key' } });
      if (!created) return;
      // The one before was created or is there still: an answer got lost on its way.
      if (required(created, 201, 409).status === 409) return await this.#clear(service);
      const { id, secret } = created.body as { id?: string; secret?: string };
      const used = await this.#ask('POST', `/v1/sign/${profile}`, withKey(secret!));
      if (used) required(used, 200);
      const discarded = await this.#ask('POST', `${path}/${id}/discard`, { token });
      if (!discarded) return await this.#clear(service);
      // Another one is inactive still, whose deletion was not answered; or a repetition, of a request whose answer got lost.
      if (required(discarded, 200, 409).body['code'] === 'INACTIVE_CREDENTIAL_EXISTS')
        return await this.#clear(service);
      this.counts.revoked += 1;
      await this.#present(`/v1/sign/${profile}`, secret!);
      const deleted = await this.#ask('DELETE', `${path}/${id}`, { token, body: { password: PASSWORD } });
      if (deleted) required(deleted, 204, 409);
    } finally {
      this.#revocable.push(service);
    }
  }

  async #present(path: string, secret: string): Promise<void> {
    const asked = this.target.processes.map((process) =>
      request(process, 'POST', path, withKey(secret)).catch(() => undefined),
    );
    for (const [place, answer] of (await Promise.all(asked)).entries()) {
      if (answer && answer.status < 400) this.counts.acceptedRevoked.push(`process ${place}: ${answer.status}`);
    }
  }

  /** Takes away what requests have left behind whose answers got lost: all but the first credential. */
  async #clear({ path, token }: TenantAccess): Promise<void> {
    const body = { password: PASSWORD };
    const listed = async (state: string): Promise<readonly Shape[]> => {
      const answer = await this.#ask('GET', `${path}?authType=service_key&state=${state}`, { token });
      return (answer ? required(answer, 200).body['items'] : []) as unknown as readonly Shape[];
    };
    for (const { id } of await listed('inactive')) await this.#ask('DELETE', `${path}/${id}`, { token, body });
    // The list begins with the oldest.
    for (const { id } of (await listed('active')).slice(1)) {
      await this.#ask('POST', `${path}/${id}/discard`, { token });
      await this.#ask('DELETE', `${path}/${id}`, { token, body });
    }
  }

  /** Shows a token for use once until its use is acknowledged, and then to every process. */
  async #use(): Promise<void> {
    const jti = randomUUID();
    const token = requestToken({ kid: this.target.kid, clock: systemClock, claims: { jti } });
    const call = { token, body: BODY };
    const answer = await this.#ask('POST', '/v1/licensing/update', call);
    if (!answer) return;
    // Where an answer got lost, the repetition is refused.
    if (required(answer, 200, 401, 409).status !== 200) return;
    this.counts.used += 1;
    const again = this.target.processes.map((process) =>
      request(process, 'POST', '/v1/licensing/update', call).catch(() => undefined),
    );
    for (const [place, repeated] of (await Promise.all(again)).entries()) {
      if (repeated && repeated.status < 400) this.counts.acceptedAgain.push(`process ${place}: ${jti}`);
    }
  }

  /** Creates something under an idempotency key, and repeats the request at every process. */
  async #create(): Promise<void> {
    const name = `created-${randomUUID()}`;
    const { path, token } = this.target.creating;
    const call = { token, body: { name }, headers: { 'Idempotency-Key': name } };
    const answer = await this.#ask('POST', `${path}/services`, call);
    if (!answer || answer.body['code'] === 'IDEMPOTENCY_KEY_IN_USE') return;
    const id = required(answer, 201).body['service']!['id']!;
    this.counts.created.set(name, id);
    const process = this.target.processes[this.counts.created.size % this.target.processes.length]!;
    const repeated = await request(process, 'POST', `${path}/services`, call).catch(() => undefined);
    if (!repeated || repeated.status >= 500 || repeated.status === 429) return;
    const same = repeated.status === 201 && repeated.body['service']?.['id'] === id;
    if (!same) this.counts.answeredOtherwise.push(`${name}: ${repeated.status} ${repeated.body['code'] ?? ''}`);
  }

  async #ask(...[method, path, call]: Parameters<Send>): Promise<ProcessAnswer | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS;) {
      this.counts.requests += 1;
      const answer = await this.target.send(method, path, call).catch((error: unknown) => String(error));
      if (typeof answer === 'object' && (answer.status === 429 || answer.body['code'] === 'IDEMPOTENCY_KEY_IN_USE')) {
        // Refused with the time to wait, as it should be: no attempt of its own.
        await delay(Number(answer.headers.get('retry-after') ?? 1) * SECOND);
        if (this.#stopped) return undefined;
        continue;
      }
      if (typeof answer === 'object' && answer.status < 500) return answer;
      this.#fail(typeof answer === 'object' ? `${answer.status} ${answer.body['code'] ?? 'of nginx'}` : answer);
      attempt += 1;
      await delay(PAUSE_AFTER_FAILURE_MILLISECONDS);
    }
    this.counts.failed += 1;
    return undefined;
  }

  #fail(reason: string): void {
    const now = systemClock.now();
    if (reason === LATE) this.#withoutLateUntil = now + WITHOUT_LATE_MILLISECONDS;
    const why = reason === UNAVAILABLE && now < this.#withoutLateUntil ? UNAVAILABLE_AFTER_LATE : reason;
    this.counts.failures.set(why, (this.counts.failures.get(why) ?? 0) + 1);
  }
}

const withKey = (serviceKey: string): Call => ({ body: {}, headers: { 'X-Service-Key': serviceKey } });

/** @throws Error for an answer that no fault explains */
function required(answer: ProcessAnswer, ...statuses: readonly number[]): ProcessAnswer {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`${answer.status} ${answer.body['code']} ${answer.body['detail']} instead of ${statuses.join(', ')}`);
}
