import { setTimeout as delay } from 'node:timers/promises';

import { type JWTVerifyResult, createLocalJWKSet, jwtVerify } from 'jose';

import type { BenchService, Fixture, Json } from './fixture.ts';
import { type LoadRequest, type LoadResult, accepted, unanswered } from './load.ts';

const SUBJECT = 'invoice-42';

/** What puts signing load on a service's profile. */
export function signRequest(
  { server }: Fixture,
  service: BenchService,
  load: { readonly connections: number; readonly seconds: number; readonly tokensPerRequest?: number },
): LoadRequest {
  const { connections, seconds, tokensPerRequest } = load;
  const item = { subject: SUBJECT };
  const isBatch = tokensPerRequest !== undefined;
  const body = isBatch ? { items: Array.from({ length: tokensPerRequest }, () => item) } : item;
  return {
    url: `${server.address}/v1/sign/${service.profile}${isBatch ? '/batch' : ''}`,
    method: 'POST',
    headers: { 'X-Service-Key': service.serviceKey },
    body: JSON.stringify(body),
    connections,
    seconds,
  };
}

/** Watches the history of a tenant while its service is under load, and checks tokens and events afterwards. */
export class TokenCheck {
  readonly #fixture: Fixture;
  readonly #service: BenchService;
  readonly #action: string;
  readonly #before: number;

  private constructor(fixture: Fixture, service: BenchService, action: string, before: number) {
    this.#fixture = fixture;
    this.#service = service;
    this.#action = action;
    this.#before = before;
  }

  /** @param action of the events that the load writes, one for each answer or batch item */
  static async start(fixture: Fixture, service: BenchService, action = 'token.issued'): Promise<TokenCheck> {
    // The check before this one waited until nothing was under way.
    const before = await fixture.database.countEvents(service.tenant.id, action);
    return new TokenCheck(fixture, service, action, before);
  }

  /**
   * What is not as it must be: each sampled token verifies and has its event, and there are as many events as tokens
   * were acknowledged. Requests that were in flight at the end may have left one or not.
   * @param results of every load on the service since the start
   */
  async faults(results: readonly LoadResult[], tokensPerRequest = 1): Promise<string[]> {
    const faults: string[] = [];
    const events = (await countAfterCommit(this.#fixture, this.#service, this.#action)) - this.#before;
    const acknowledged = sum(results.map(accepted)) * tokensPerRequest;
    const possible = acknowledged + sum(results.map(unanswered)) * tokensPerRequest;
    if (events < acknowledged || events > possible) {
      faults.push(`${events} events ${this.#action} for ${acknowledged} to ${possible} tokens`);
    }
    const errors = sum(results.map((result) => result.errors));
    if (errors > 0) faults.push(`${errors} connection errors`);
    if (this.#action !== 'token.issued') return faults;
    return [...faults, ...(await this.#tokenFaults(results.flatMap(({ samples }) => samples)))];
  }

  async #tokenFaults(samples: readonly string[]): Promise<string[]> {
    const tokens = samples.flatMap((sample) => tokensIn(JSON.parse(sample) as Json)).slice(0, 500);
    const verify = await verifier(this.#fixture, this.#service);
    const outcomes = await Promise.allSettled(tokens.map(verify));
    const rejected = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    const ids = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? (outcome.value.payload.jti ?? []) : [],
    );
    const { database } = this.#fixture;
    const known = ids.length === 0 ? new Set<string>() : await database.knownTokens(this.#service.tenant.id, ids);
    const lost = ids.filter((id) => !known.has(id));
    const repeated = ids.length - new Set(ids).size;
    return [
      ...(tokens.length === 0 ? ['no token was issued'] : []),
      ...(rejected.length > 0 ? [`${rejected.length} of ${tokens.length} tokens do not verify: ${rejected[0]}`] : []),
      ...(lost.length > 0 ? [`${lost.length} of ${ids.length} tokens have no event`] : []),
      ...(repeated > 0 ? [`${repeated} token ids were given twice`] : []),
    ];
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const COMMIT_WAIT_MILLISECONDS = 200;

/** The number of events once the server has finished what it was asked for before. */
async function countAfterCommit({ database }: Fixture, { tenant }: BenchService, action: string): Promise<number> {
  let count = await database.countEvents(tenant.id, action);
  for (;;) {
    await delay(COMMIT_WAIT_MILLISECONDS);
    const later = await database.countEvents(tenant.id, action);
    if (later === count) return count;
    count = later;
  }
}

function tokensIn(body: Json): string[] {
  const items = (body.items as readonly Json[] | undefined) ?? [body];
  return items.map(({ token }) => token ?? '');
}

async function verifier(
  fixture: Fixture,
  { tenant, secret, algorithm }: BenchService,
): Promise<(token: string) => Promise<JWTVerifyResult>> {
  const options = { algorithms: [algorithm], audience: 'https://api.partner.test', subject: SUBJECT };
  if (secret) return (token) => jwtVerify(token, secret, options);
  const { body } = await fixture.must('GET', `${tenant.path}/.well-known/jwks.json`);
  const keys = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0]);
  return (token) => jwtVerify(token, keys, options);
}
