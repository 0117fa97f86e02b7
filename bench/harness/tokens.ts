import { setTimeout as delay } from 'node:timers/promises';

import { type JWTVerifyOptions, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';

import type { BenchService, Fixture, Json } from './fixture.ts';
import { type LoadRequest, type LoadResult, accepted, load, unanswered } from './load.ts';
import type { ServerProcess } from './server.ts';

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

/** A server runs for days: its first twelve thousand requests, which are compiled meanwhile, are not measured. */
const WARM_UP = { connections: 64, requests: 12_000, roundSeconds: 2, roundsMax: 6 } as const;

/** Signs until most of a server is compiled. @param server of several processes on the database of the fixture: which */
export async function warmUpServer(fixture: Fixture, server: ServerProcess = fixture.server): Promise<void> {
  const { connections, requests, roundSeconds: seconds, roundsMax } = WARM_UP;
  const service = await fixture.createService(await fixture.createTenant(), 'HS256');
  const request = signRequest(fixture, service, { connections, seconds });
  const url = request.url.replace(fixture.server.address, server.address);
  for (let [done, round] = [0, 0]; done < requests && round < roundsMax; round += 1)
    done += accepted(await load({ ...request, url }));
}

const ISSUED = 'token.issued';

/** Verifies a token, and gives its id in the history. @throws what is wrong with it */
type IdOfToken = (token: string) => Promise<string>;

/** What a load does, where it is not to issue tokens of a `jwt` profile. */
interface Checked {
  /** Of the events that it writes, one for each answer or batch item. */
  readonly action?: string;
  readonly idOf?: IdOfToken;
}

/** Watches the history of a tenant while its service is under load, and checks tokens and events afterwards. */
export class TokenCheck {
  readonly #fixture: Fixture;
  readonly #service: BenchService;
  readonly #action: string;
  readonly #idOf: IdOfToken | undefined;
  readonly #before: number;

  private constructor(fixture: Fixture, service: BenchService, { action = ISSUED, idOf }: Checked, before: number) {
    this.#fixture = fixture;
    this.#service = service;
    this.#action = action;
    this.#idOf = idOf;
    this.#before = before;
  }

  static async start(fixture: Fixture, service: BenchService, checked: Checked = {}): Promise<TokenCheck> {
    // Of the load before this one, of which a warm-up does not wait for what is under way at its end.
    const before = await countAfterCommit(fixture, service.tenant.id, checked.action ?? ISSUED);
    return new TokenCheck(fixture, service, checked, before);
  }

  /**
   * What is not as it must be: each sampled token verifies and has its event, and there are as many events as tokens
   * were acknowledged. Requests that were in flight at the end may have left one or not.
   * @param results of every load on the service since the start
   */
  async faults(results: readonly LoadResult[], tokensPerRequest = 1): Promise<string[]> {
    const faults: string[] = [];
    const events = (await countAfterCommit(this.#fixture, this.#service.tenant.id, this.#action)) - this.#before;
    const acknowledged = sum(results.map(accepted)) * tokensPerRequest;
    const possible = acknowledged + sum(results.map(unanswered)) * tokensPerRequest;
    if (events < acknowledged || events > possible) {
      faults.push(`${events} events ${this.#action} for ${acknowledged} to ${possible} tokens`);
    }
    const errors = sum(results.map((result) => result.errors));
    if (errors > 0) faults.push(`${errors} connection errors`);
    if (this.#action !== ISSUED) return faults;
    return [...faults, ...(await this.#tokenFaults(results.flatMap(({ samples }) => samples)))];
  }

  async #tokenFaults(samples: readonly string[]): Promise<string[]> {
    const tokens = samples.flatMap(tokensIn).slice(0, 500);
    const idOf = this.#idOf ?? (await verifier(this.#fixture, this.#service));
    const outcomes = await Promise.allSettled(tokens.map(idOf));
    const rejected = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    const ids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
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

/** The number of events of an action once the server has finished what it was asked for before. */
export async function countAfterCommit({ database }: Fixture, tenantId: string, action: string): Promise<number> {
  let count = await database.countEvents(tenantId, action);
  for (;;) {
    await delay(COMMIT_WAIT_MILLISECONDS);
    const later = await database.countEvents(tenantId, action);
    if (later === count) return count;
    count = later;
  }
}

function tokensIn(sample: string): string[] {
  const body = JSON.parse(sample) as Json;
  const items = (body.items as readonly Json[] | undefined) ?? [body];
  return items.map(({ token }) => token ?? '');
}

async function verifier(fixture: Fixture, { tenant, secret, algorithm }: BenchService): Promise<IdOfToken> {
  // As when it was issued: the first tokens of a long scenario have expired by its end.
  const optionsFor = (token: string): JWTVerifyOptions => ({
    algorithms: [algorithm],
    audience: 'https://api.partner.test',
    subject: SUBJECT,
    currentDate: new Date(Number(decodeJwt(token).iat) * 1_000),
  });
  if (secret) return async (token) => (await jwtVerify(token, secret, optionsFor(token))).payload.jti ?? '';
  const { body } = await fixture.must('GET', `${tenant.path}/.well-known/jwks.json`);
  const keys = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0]);
  return async (token) => (await jwtVerify(token, keys, optionsFor(token))).payload.jti ?? '';
}
