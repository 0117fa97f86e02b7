import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import type { BenchDatabase } from './database.ts';
import { ADMIN, type ServerProcess } from './server.ts';

/** JSON as the bench reads it: members that are not there are `undefined`. */
export interface Json {
  readonly [member: string]: Json & string & number & boolean & readonly Json[];
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
  /** Whole seconds of `Retry-After`; 0 where the server named none. */
  readonly retryAfterSeconds: number;
  readonly milliseconds: number;
}

export interface BenchTenant {
  readonly id: string;
  readonly path: string;
  readonly owner: { readonly email: string; readonly password: string };
  readonly token: string;
}

/** A service with one token profile, and what its tokens are verified with. */
export interface BenchService {
  readonly tenant: BenchTenant;
  readonly profile: string;
  readonly serviceKey: string;
  readonly algorithm: string;
  /** The shared secret of an HMAC key; `undefined` for keys whose public half is in the JWKS. */
  readonly secret: Buffer | undefined;
}

/** Longer than the most expensive key takes: an answer that does not come fails a scenario, and does not stop the run. */
const ANSWER_MILLISECONDS = 120_000;

let made = 0;

/** Makes what a scenario needs on the running server, over HTTP as a client would. */
export class Fixture {
  readonly server: ServerProcess;
  readonly database: BenchDatabase;
  #addresses = 0;

  constructor(server: ServerProcess, database: BenchDatabase) {
    this.server = server;
    this.database = database;
  }

  /** One request on a connection of its own: none is reused just when the server closes it as idle. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const started = performance.now();
    const content = body === undefined ? undefined : JSON.stringify(body);
    const request = http.request(this.server.address + path, {
      method,
      agent: false,
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
      headers: { ...(content === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    });
    request.end(content);
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    const received = await text(answer);
    return {
      status: answer.statusCode ?? 0,
      body: (received === '' ? {} : JSON.parse(received)) as Json,
      retryAfterSeconds: Number(answer.headers['retry-after'] ?? 0),
      milliseconds: performance.now() - started,
    };
  }

  /** A request that must be accepted; one that is told to wait waits. @throws Error with what the server said */
  async must(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    for (;;) {
      const answer = await this.request(method, path, body, headers);
      if (answer.status < 300) return answer;
      const { code } = answer.body;
      if (code !== 'RATE_LIMITED' && code !== 'BUSY')
        throw new Error(`${method} ${path} was answered with ${answer.status} ${JSON.stringify(answer.body)}`);
      await delay(1_000 * Math.max(1, answer.retryAfterSeconds));
    }
  }

  /** Signs a user in, each time from another address. */
  async login({ email, password }: { email: string; password: string } = ADMIN): Promise<Answer> {
    return this.must('POST', '/v1/auth/login', { email, password }, this.#fromAnotherAddress());
  }

  /** The same, whatever it is answered with. */
  tryLogin({ email, password }: { email: string; password: string }): Promise<Answer> {
    return this.request('POST', '/v1/auth/login', { email, password }, this.#fromAnotherAddress());
  }

  #fromAnotherAddress(): Record<string, string> {
    this.#addresses += 1;
    return { 'X-Forwarded-For': `203.0.${Math.floor(this.#addresses / 250)}.${1 + (this.#addresses % 250)}` };
  }

  /** A tenant whose owner is signed in. */
  async createTenant(): Promise<BenchTenant> {
    made += 1;
    const slug = `bench-${made}`;
    const owner = { email: `owner@${slug}.test`, name: 'Owner', password: randomBytes(18).toString('base64url') };
    const admin = (await this.login()).body.accessToken;
    const authorization = { Authorization: `Bearer ${admin}` };
    const created = await this.must('POST', '/v1/tenants', { slug, name: slug, owner }, authorization);
    const { accessToken } = (await this.login(owner)).body;
    return { id: created.body.id!, path: `/v1/tenants/${created.body.id}`, owner, token: accessToken! };
  }

  /** A call of the tenant's owner that must be accepted. */
  asOwner({ path, token }: BenchTenant, method: string, resource: string, body?: unknown): Promise<Answer> {
    return this.must(method, `${path}/${resource}`, body, { Authorization: `Bearer ${token}` });
  }

  /** A call of the tenant's owner, whatever it is answered with. */
  tryAsOwner({ path, token }: BenchTenant, method: string, resource: string, body?: unknown): Promise<Answer> {
    return this.request(method, `${path}/${resource}`, body, { Authorization: `Bearer ${token}` });
  }

  /** A service with a `jwt` profile of that algorithm. @param modulusBits RSA only */
  async createService(tenant: BenchTenant, algorithm: string, modulusBits?: number): Promise<BenchService> {
    const secret = algorithm.startsWith('HS') ? randomBytes(32) : undefined;
    const key = secret ? { format: 'secret-base64', data: secret.toString('base64') } : { modulusBits };
    const profile = { format: 'jwt', audience: ['https://api.partner.test'] };
    return { ...(await this.createServiceOf(tenant, { algorithm, key, profile })), secret };
  }

  /** A service with the profile, whose key is generated, or imported where its `data` are given. */
  async createServiceOf(
    tenant: BenchTenant,
    { algorithm, key, profile }: { readonly algorithm: string; readonly key: object; readonly profile: object },
  ): Promise<BenchService> {
    made += 1;
    const name = `${algorithm.toLowerCase()}-${made}`;
    const resource = 'data' in key ? 'keys/import' : 'keys';
    const { body } = await this.asOwner(tenant, 'POST', resource, { name, algorithm, ...key });
    await this.asOwner(tenant, 'POST', 'token-profiles', { name, keyId: body.id, ...profile });
    const service = await this.asOwner(tenant, 'POST', 'services', { name, profiles: [name] });
    return { tenant, profile: name, serviceKey: serviceKeyIn(service.body), algorithm, secret: undefined };
  }
}

/** The service key in the answer to a new service. */
export const serviceKeyIn = ({ serviceKey }: Json): string => (serviceKey as Json | undefined)?.secret ?? '';
