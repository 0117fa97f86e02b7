// Generated requests: valid, nearly valid and hostile ones for every operation of the API document. Each answer
// must be one that the document declares. `RANDOM_REQUESTS_RUNS=200` tries more, each time from another seed; a failure
// prints the seed that repeats it (`RANDOM_REQUESTS_SEED`).
import { hash, randomInt } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import * as fc from 'fast-check';
import { UUID_PATTERN } from '#core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type DeclaredAnswers,
  type Located,
  type RawAnswer,
  declaredAnswersOf,
  operationsOf,
} from '../../support/declared-answers.js';
import { ADMIN, PASSWORD, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { csrPem } from '../certificates/pki.js';
import { fillTenant, identifierOf } from './sample-tenant.js';
import { type Vocabulary, hostileValue, seldom, spoiled, valueOf } from './schema-values.js';

const DEFAULT_RUNS = 2;
const { RANDOM_REQUESTS_RUNS: runsAsked, RANDOM_REQUESTS_SEED: seedAsked } = process.env;
const runs = Number(runsAsked || DEFAULT_RUNS);
// The suite asks the same requests each time: what fails there is what changed.
const seed = Number(seedAsked || (runsAsked ? randomInt(2 ** 31) : 1));

interface RandomRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

let server: TestServer;
let declared: DeclaredAnswers;
let vocabulary: Vocabulary;
/** Values of the parameters of paths. */
let identifiers: Readonly<Record<string, readonly string[]>>;
let callers: Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A tenant with one of each thing, and everybody who may ask something about it. */
async function prepare(): Promise<void> {
  const tenant = await createTenant(server);
  const { identifiers: own, serviceKey } = await fillTenant(server, tenant);
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  callers = {
    owner: bearer(tenant.owner.token),
    admin: bearer(await server.login()),
    service: { 'X-Service-Key': serviceKey },
    stranger: bearer('eyJhbGciOiJFUzI1NiJ9.e30.AAAA'),
    nobody: {},
  };
  // The first tenant's things belong to another one from then on.
  identifiers = Object.fromEntries(
    Object.entries(own).map(([name, id]) => [
      name,
      [...Array.from({ length: 6 }, () => id), identifiers[name]?.at(-1) ?? id],
    ]),
  );
  vocabulary = {
    schemas: declared.document.components.schemas,
    ids: Object.values(own).filter((id) => UUID_PATTERN.test(id)),
    named: {
      email: [tenant.owner.email],
      password: [PASSWORD, PASSWORD, ADMIN.password],
      currentPassword: [PASSWORD],
      confirm: [tenant.slug],
      profile: [own['name']],
      profiles: [[own['name']], ['*']],
      parentId: [own['caId']],
      ...Object.fromEntries(Object.entries(own).map(([name, id]) => [name, [id]])),
      name: ['new', 'other', own['name']],
      csr: [csrPem()],
    },
  };
}

beforeAll(async () => {
  server = await startTestServer();
  declared = await declaredAnswersOf(server.server.app);
  identifiers = {};
  await prepare();
});
afterAll(() => server.close());

const pick = (...values: readonly string[]) => fc.constantFrom(...values);

/** Texts for a parameter: mostly what it accepts. */
function textFor(declared: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return fc.oneof({ weight: 9, arbitrary: declared.map(text) }, { weight: 1, arbitrary: hostileValue.map(text) });
}

/** What is true for a moment after each change. Nothing else is unavailable here: no outage, no overload. */
const MOMENTARY: ReadonlySet<string> = new Set(['CHECKPOINT_PENDING']);

/** Percent-encoding that does not refuse half a character. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, 4_000);

function targetOf({ path, operation }: Located): fc.Arbitrary<string> {
  const parameters = operation.parameters ?? [];
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    const known = identifiers[name === 'profile' ? 'name' : identifierOf(path.replaceAll(/\{(\w+)\}/g, ':$1'), name!)];
    const declared = pick(...(known ?? ['4915112345678', 'order-4711', '1']));
    return textFor(declared).map((text) => [name!, encode(text)] as const);
  });
  const inQuery = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema, required = false }) => {
      const value = textFor(valueOf(schema, vocabulary, name));
      return (required ? value : seldom(value)).map((text) => [name, text] as const);
    });
  const extra = seldom(seldom(pick('dryRun=true', 'unknown=1', 'limit=', '&&=&', 'a[b]=c', 'cursor=%ff')));
  return fc.tuple(fc.tuple(...inPath), fc.tuple(...inQuery), extra).map(([segments, query, more]) => {
    const filled = segments.reduce((whole, [name, text]) => whole.replace(`{${name}}`, () => text), path);
    const given = query.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(value)}`]));
    const search = [...given, ...(more === undefined ? [] : [more])].join('&');
    return search === '' ? filled : `${filled}?${search}`;
  });
}

/** JSON text; what JSON cannot hold becomes an escape, as a client in another language would write it. */
function bodyOf({ operation }: Located): fc.Arbitrary<string | undefined> {
  const declared = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const broken = pick(
    '',
    '{',
    '{"a":1,"a":2}',
    '[1,]',
    '"text"',
    '{"name":"\\ud800"}',
    '\ufeff{}',
    'null',
    '{"a":1}{',
    '\u0000',
  );
  if (declared === undefined) {
    return fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.oneof(
          broken,
          hostileValue.map((value) => JSON.stringify(value)),
        ),
      },
    );
  }
  const valid = valueOf(declared, vocabulary);
  return fc.oneof(
    { weight: 6, arbitrary: valid.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: spoiled(valid).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const oddHeaders = fc.record(
  {
    'If-Match': pick('"1"', '*', 'W/"1"', '"', '1', '"99999999999999999999"', '"1", "2"'),
    'If-None-Match': pick('"1"', '*', 'W/"x"'),
    'Idempotency-Key': pick('one', 'two', 'x'.repeat(256), ' ', '"quoted"', 'é'),
    'X-Request-Id': pick('mine', 'x'.repeat(65), 'not safe!'),
    Accept: pick('text/html', 'application/xml;q=0.1', '*/*;q=0', ''),
    'X-Forwarded-For': pick('1.2.3.4', 'not an address', '::ffff:1.2.3.4'),
    Range: pick('bytes=0-1'),
    Expect: pick('100-continue'),
  },
  { requiredKeys: [] },
);

const oddCredentials = fc.record(
  {
    Authorization: pick('Bearer', 'Bearer a.b.c', 'Basic YTpi', 'Bearer a b', '', 'bearer csk_x'),
    'X-Service-Key': pick('', 'csk_x', 'a, b'),
  },
  { requiredKeys: [] },
);

/** Who asks: mostly somebody who may. */
function callerOf({ operation }: Located): fc.Arbitrary<string> {
  const access = operation['x-access'];
  const right = /^(?:tenants|platform-audit|scheduler|users):/.test(access)
    ? 'admin'
    : /^(?:tokens|callers):|^service:self|^certificates:request/.test(access)
      ? 'service'
      : 'owner';
  // Not the administrator to an own session: another password would end every request after it.
  const others = access === 'session:self' ? ['owner', 'service'] : ['owner', 'service', 'admin'];
  const anybody = pick(...others, 'stranger', 'nobody');
  return fc.oneof({ weight: 6, arbitrary: pick(right) }, { weight: 1, arbitrary: anybody });
}

function headersOf(located: Located): fc.Arbitrary<Record<string, string>> {
  const types = Object.keys(located.operation.requestBody?.content ?? { 'application/json': {} });
  const contentType = fc.oneof(
    { weight: 15, arbitrary: pick(...types) },
    {
      weight: 1,
      arbitrary: pick('text/plain', 'application/json; charset=utf-16', 'application/x-www-form-urlencoded', 'x', ''),
    },
  );
  const odd = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: oddHeaders },
    { weight: 1, arbitrary: oddCredentials },
  );
  // Where an answer is stored, it is stored with the work: another way through the code.
  const isStored = located.operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false;
  const key = isStored ? fc.option(fc.uuid(), { nil: undefined, freq: 2 }) : fc.constant(undefined);
  return fc.tuple(callerOf(located), contentType, key, odd).map(([who, type, once, more]) => ({
    'Content-Type': type,
    ...callers[who],
    ...(once === undefined ? {} : { 'Idempotency-Key': once }),
    ...more,
  }));
}

const requestOf = (located: Located): fc.Arbitrary<RandomRequest> =>
  fc
    .tuple(targetOf(located), bodyOf(located), headersOf(located))
    .map(([target, body, headers]) => ({ method: located.method, target, headers, body }));

/** Sends exactly what was made; `fetch` rewrites targets and refuses some bodies. */
function send({ method, target, headers, body }: RandomRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const { 'Content-Type': type, ...others } = headers;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const asked = httpRequest(
      {
        hostname,
        port,
        method,
        path: target,
        headers: {
          ...Object.fromEntries(
            Object.entries(others).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
          ),
          ...(bytes === undefined ? {} : { 'Content-Type': type!, 'Content-Length': bytes.length }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            header: (name) => answer.headers[name]?.toString(),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(bytes);
  });
}

/** What is wrong with an answer: nothing fails here, and the document declares it. */
function faultsOf(located: Located, answer: RawAnswer): string[] {
  const { status, text } = answer;
  const failed = status >= 500 && ![...MOMENTARY].some((code) => text.includes(`"code":"${code}"`));
  return [...(failed ? [`it fails with ${status}`] : []), ...declared.faultsOf(located, answer)];
}

/** A fault, the request that shows it, and what the server wrote about it. */
function describeFault({ name }: Located, request: RandomRequest, answer: RawAnswer, fault: string): string {
  const id = String(answer.header('x-request-id'));
  const log = server.logs.filter((line) => line.includes(`"${id}"`) && line.includes('"error"'));
  return [`${name}: ${fault}`, JSON.stringify(request).slice(0, 2_000), answer.text.slice(0, 500), ...log].join(
    '\n    ',
  );
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** They only read, whatever their method: a gateway asks by that of the request that it was asked. */
const READS = /\/(?:forward-auth|ocsp|csr)$/;

/** Whether an answer may have ended a thing, or a caller, that later requests need. */
const isChange = ({ method, path }: Located, { status }: RawAnswer): boolean =>
  status < 300 &&
  !SAFE_METHODS.has(method) &&
  !READS.test(path) &&
  (/\{(?!tenantId)/.test(path) || method !== 'POST' || /leaks|auth/.test(path));

/** Requests that are made from one seed: what they need is made anew where one before them took it away. */
const REQUESTS_IN_A_ROUND = 4;

describe(`random requests of RANDOM_REQUESTS_SEED=${seed}`, () => {
  it(
    'random requests to every operation get answers that the API document declares',
    { timeout: 60_000 * runs },
    async () => {
      const faults: string[] = [];
      for (let round = 0; round * REQUESTS_IN_A_ROUND < runs; round++) {
        for (const located of operationsOf(declared.document)) {
          let changed = false;
          const values = {
            seed: seed + round + hash('md5', located.name, 'buffer').readUInt16LE(),
            numRuns: Math.min(runs, REQUESTS_IN_A_ROUND),
          };
          for (const made of fc.sample(requestOf(located), values)) {
            const answer = await send(made);
            changed ||= isChange(located, answer);
            for (const fault of faultsOf(located, answer)) faults.push(describeFault(located, made, answer, fault));
          }
          if (changed) await prepare();
        }
      }
      expect(faults.join('\n'), `RANDOM_REQUESTS_SEED=${seed}`).toBe('');
    },
  );
});
