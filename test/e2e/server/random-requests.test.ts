// Generated requests: valid, nearly valid and hostile ones for every operation of the API document. Each answer
// must be one that the document declares. `RANDOM_REQUESTS_RUNS=200` tries more, each time from another seed; a failure
// prints the seed that repeats it (`RANDOM_REQUESTS_SEED`).
import { hash, randomInt } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { UUID_PATTERN } from '#core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ADMIN, PASSWORD, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { csrPem } from '../certificates/pki.js';
import { fillTenant, identifierOf } from './sample-tenant.js';
import { type JsonSchema, type Vocabulary, hostileValue, seldom, spoiled, valueOf } from './schema-values.js';

const DEFAULT_RUNS = 2;
const { RANDOM_REQUESTS_RUNS: runsAsked, RANDOM_REQUESTS_SEED: seedAsked } = process.env;
const runs = Number(runsAsked || DEFAULT_RUNS);
// The suite asks the same requests each time: what fails there is what changed.
const seed = Number(seedAsked || (runsAsked ? randomInt(2 ** 31) : 1));

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}
interface DeclaredAnswer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema; readonly examples?: object }>>;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, DeclaredAnswer>>;
  readonly 'x-access': string;
}
interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, DeclaredAnswer>>;
  };
}
interface Located {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}
interface RandomRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}
interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

let server: TestServer;
let document: ApiDocument;
let vocabulary: Vocabulary;
/** Values of the parameters of paths. */
let identifiers: Readonly<Record<string, readonly string[]>>;
let callers: Readonly<Record<string, Readonly<Record<string, string>>>>;
let validators: Map<JsonSchema, ValidateFunction>;
let ajv: Ajv2020;

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
    schemas: document.components.schemas,
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
  document = (await server.get('/openapi.json')).body as unknown as ApiDocument;
  identifiers = {};
  await prepare();
  ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'document', components: { schemas: document.components.schemas } });
  validators = new Map();
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
          resolve({ status: answer.statusCode!, headers: answer.headers, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(bytes);
  });
}

const declaredAnswer = (answer: DeclaredAnswer): DeclaredAnswer =>
  answer.$ref === undefined ? answer : document.components.responses[answer.$ref.split('/').at(-1)!]!;

const mediaTypeOf = ({ headers }: RawAnswer): string => String(headers['content-type'] ?? '').split(/; ?charset=/)[0]!;

/** What is wrong with an answer; empty if the document declares it. */
function faultsOf({ operation, method }: Located, answer: RawAnswer): string[] {
  const { status, text } = answer;
  if (status === 304 || method === 'HEAD') return [];
  const declared = operation.responses[status];
  if (status >= 400 && !isDeclaredJson(declared, answer)) return problemFaults(declared, answer);
  if (declared === undefined) return [`${status} is not declared`];
  const { content } = declaredAnswer(declared);
  if (content === undefined) return text === '' ? [] : [`${status} has a body that is not declared`];
  const media = content[mediaTypeOf(answer)];
  if (media === undefined) return [`${mediaTypeOf(answer)} is not declared for ${status}`];
  return mediaTypeOf(answer) === 'application/json' ? schemaFaults(media.schema, JSON.parse(text)) : [];
}

/** Of endpoints whose standard has errors of its own (RFC 6749 §5.2). */
const isDeclaredJson = (declared: DeclaredAnswer | undefined, answer: RawAnswer): boolean =>
  mediaTypeOf(answer) === 'application/json' &&
  declared !== undefined &&
  declaredAnswer(declared).content?.['application/json'] !== undefined;

function problemFaults(declared: DeclaredAnswer | undefined, answer: RawAnswer): string[] {
  const { status, text, headers } = answer;
  if (mediaTypeOf(answer) !== 'application/problem+json') return [`${status} is no problem document: ${text}`];
  const problem = JSON.parse(text) as Record<string, unknown>;
  const examples = declared && declaredAnswer(declared).content?.['application/problem+json']?.examples;
  const code = String(problem['code']);
  if (status >= 500 && !MOMENTARY.has(code)) return [`it fails with ${status} ${code}`];
  return [
    ...(examples && code in examples ? [] : [`${status} ${code} is not declared`]),
    ...(problem['status'] === status ? [] : ['the status of the document is another']),
    ...(problem['requestId'] === headers['x-request-id'] ? [] : ['the request id of the document is another']),
    ...schemaFaults({ $ref: '#/components/schemas/Problem' }, problem),
  ];
}

function schemaFaults(schema: JsonSchema, value: unknown): string[] {
  let validate = validators.get(schema);
  if (validate === undefined) {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
    validators.set(schema, (validate = ajv.compile(JSON.parse(text) as object)));
  }
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const operationsOf = (): Located[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Located => {
      const name = `${method.toUpperCase()} ${path}`;
      return { name, method: method.toUpperCase(), path, operation };
    }),
  );

/** A fault, the request that shows it, and what the server wrote about it. */
function describeFault({ name }: Located, request: RandomRequest, answer: RawAnswer, fault: string): string {
  const id = String(answer.headers['x-request-id']);
  const log = server.logs.filter((line) => line.includes(`"${id}"`) && line.includes('"error"'));
  return [`${name}: ${fault}`, JSON.stringify(request).slice(0, 2_000), answer.text.slice(0, 500), ...log].join(
    '\n    ',
  );
}

/** Whether an answer may have ended a thing, or a caller, that later requests need. */
const isChange = ({ method, path }: Located, { status }: RawAnswer): boolean =>
  status < 300 && method !== 'GET' && (/\{(?!tenantId)/.test(path) || method !== 'POST' || /leaks|auth/.test(path));

/** Requests that are made from one seed: what they need is made anew where one before them took it away. */
const REQUESTS_IN_A_ROUND = 4;

describe(`random requests of RANDOM_REQUESTS_SEED=${seed}`, () => {
  it(
    'random requests to every operation get answers that the API document declares',
    { timeout: 60_000 * runs },
    async () => {
      const faults: string[] = [];
      for (let round = 0; round * REQUESTS_IN_A_ROUND < runs; round++) {
        for (const located of operationsOf()) {
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
