import { randomUUID } from 'node:crypto';

import type { BenchContext, Row, Scenario } from '../harness/scenario.ts';
import type { BenchTenant, Fixture } from '../harness/fixture.ts';
import { repeat } from '../harness/scenario.ts';
import { type HistoryValues, fillHistory } from '../harness/fill-history.ts';
import { type Variant, load, rejections } from '../harness/load.ts';

const CONNECTIONS = 4;
const SIZES = { few: 20_000, many: 2_000_000 };
const PAGE = 100;
/** In one measurement: 1,200 calls a minute are permitted to an API token. */
const REQUESTS = 400;
/** Longer than the 30 days ahead of which an expiry is announced: nothing else is recorded while a history is filled. */
const TOKEN_LIFETIME = 40 * 24 * 3_600 * 1_000;

/** The documented filters, each with values that the history holds. */
const FILTERS: Readonly<Record<string, (history: Filled) => string>> = {
  'no filter': () => '',
  from: ({ middle }) => `from=${middle}`,
  to: ({ middle }) => `to=${middle}`,
  action: () => 'action=token.issued',
  'several actions': () => 'action=token.issued,token.verified',
  actor: ({ actorId }) => `actor=${actorId}`,
  actorEmail: () => 'actorEmail=person@bench.test',
  sourceAddress: () => 'sourceAddress=203.0.113.7',
  targetType: () => 'targetType=service',
  targetId: ({ targetId }) => `targetId=${targetId}`,
  outcome: () => 'outcome=denied',
  tokenId: ({ tokenId }) => `tokenId=${tokenId}`,
  kid: () => 'kid=key-7',
  credentialId: ({ credentialId }) => `credentialId=${credentialId}`,
  requestId: ({ requestId }) => `requestId=${requestId}`,
  'oldest first': () => 'order=asc',
  // The questions of docs/auditing.md that name several of them.
  'kid, action and period': ({ middle, end }) => `kid=key-6&action=token.issued&from=${middle}&to=${end}`,
  'credential, oldest first': ({ credentialId }) => `credentialId=${credentialId}&order=asc`,
  'target and action': ({ targetId }) => `targetId=${targetId}&action=token.issued`,
};

interface Filled extends HistoryValues {
  readonly tenant: BenchTenant;
  readonly middle: string;
  /** A while after the middle. */
  readonly end: string;
  /** An API token for each filter. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** A page of the history by each filter, of two million events against twenty thousand. */
export const history: Scenario = {
  name: 'history',
  title: 'Pages of a history of two million events',
  long: true,
  async run(context) {
    const [few, many] = [await fill(context.fixture, SIZES.few), await fill(context.fixture, SIZES.many)];
    const rows: Row[] = [];
    for (const name of Object.keys(FILTERS)) rows.push(await measure(context, name, few, many));
    return rows;
  },
};

async function measure(context: BenchContext, name: string, few: Filled, many: Filled): Promise<Row> {
  const { fixture, seconds, repetitions } = context;
  const faults: string[] = [];
  const p99 = async (filled: Filled): Promise<number> => {
    const url = `${fixture.server.address}${filled.tenant.path}/audit-events?limit=${PAGE}&${FILTERS[name]!(filled)}`;
    const headers = { Authorization: `Bearer ${filled.tokens.get(name)}` };
    const asking = { url, method: 'GET', headers, body: '', connections: CONNECTIONS, seconds };
    const result = await load({ ...asking, variants: Array.from({ length: REQUESTS }, (): Variant => ({})) });
    faults.push(...rejections(result));
    const empty = result.samples.find((sample) => !sample.includes('"items":[{'));
    if (empty !== undefined) faults.push(`a page is empty: ${empty}`);
    return result.latencyMilliseconds.p99;
  };
  const measured = await repeat(repetitions, async () => {
    const floor = await p99(few);
    return { value: await p99(many), floor };
  });
  return {
    scenario: 'history',
    name: `p99 of a page of ${PAGE} events by ${name}`,
    unit: 'ms',
    comparedWith: `of ${SIZES.few.toLocaleString('en')} events`,
    goal: { atMost: 2 },
    repetitions: measured,
    faults,
    notes: [],
  };
}

/** A tenant with so many events, written past the server: what they say is read, and not proved. */
async function fill(fixture: Fixture, count: number): Promise<Filled> {
  const tenant = await fixture.createTenant();
  const first = Date.UTC(2026, 0, 1);
  const tokens = new Map<string, string>();
  const terms = { permissions: ['audit:read'], expiresAt: new Date(Date.now() + TOKEN_LIFETIME).toISOString() };
  for (const name of Object.keys(FILTERS)) {
    const request = { name, password: tenant.owner.password, ...terms };
    const { body } = await fixture.asOwner(tenant, 'POST', 'api-tokens', request);
    tokens.set(name, String(body.token));
  }
  const filled = {
    tenant,
    tokens,
    middle: new Date(first + (count / 2) * 1_000).toISOString(),
    end: new Date(first + (count / 2 + 5_000) * 1_000).toISOString(),
    actorId: randomUUID(),
    targetId: randomUUID(),
    tokenId: randomUUID(),
    credentialId: randomUUID(),
    requestId: randomUUID(),
  };
  await fillHistory(fixture.database, { ...filled, tenantId: tenant.id, count, first });
  return filled;
}
