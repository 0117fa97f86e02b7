import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { gzipSync } from 'node:zlib';
import { type ErrorFactory, coreErrors } from '#core';
import { sealingErrors } from '#crypto';
import { databaseErrors } from '#database';
import { type OpenAPIObject, declaredLibrary } from './api-declarations.js';
import { SERVICE_ID_HEADER, STEP_UP_HEADER, TENANT_PARAMETER } from './auth.guard.js';
import { idempotencyErrors } from '#idempotency';
import { httpErrors } from './errors.js';
import { NOT_STORED_EXTENSION } from './idempotency.guard.js';
import { type DocumentedError, ERRORS_EXTENSION, documentedError } from './fails.js';
import { type Audience, PermissionPolicy } from './principal.js';
import { contentTag } from './entity-tag.js';
import { PROBLEM_MEDIA_TYPE, pathOf, problemType } from './problem.js';
import { RateLimits, trackerOf } from './rate-limit.js';
import { serveReferencePage } from './reference-page.js';
import { ACCESS_EXTENSION, PUBLIC_ACCESS, SIGNED_IN_EXTENSION } from './requires.js';
import { SERVED_WHILE_SEALED_EXTENSION } from './seal.guard.js';

const DOCUMENT_PATH = '/openapi.json';
export const REFERENCE_PATH = '/docs';
/** Health is told of, whatever fails. */
const HEALTH_PATH = '/health/';

type Json = Record<string, unknown>;

/** An operation as far as this file reads and writes it. */
interface Operation extends Json {
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string; description?: string; [member: string]: unknown }[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, Response>;
  security?: Record<string, string[]>[];
}
interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Json;
}
interface Response {
  $ref?: string;
  description?: string;
  headers?: Json;
  content?: Record<string, MediaType>;
}
interface Schema extends Json {
  $ref?: string;
  type?: string | string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

interface LocatedOperation {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf(document: OpenAPIObject): LocatedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as Operation | undefined;
      return operation === undefined ? [] : [{ method, path, operation }];
    }),
  );
}

/** The credentials that each audience shows. */
const SECURITY: Readonly<Record<Audience, Record<string, string[]>[]>> = {
  'tenant-user': [{ bearer: [] }],
  'platform-user': [{ bearer: [] }],
  user: [{ bearer: [] }],
  service: [{ bearer: [] }, { serviceKey: [] }],
};

const REQUEST_ID_EXAMPLE = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';

const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  description: 'A problem document (RFC 9457). `code` is stable and meant for programs, `detail` for people.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', example: problemType('VALIDATION_ERROR') },
    title: { type: 'string', example: 'Invalid request' },
    status: { type: 'integer', example: 400 },
    detail: { type: 'string', example: '/name is required' },
    instance: { type: 'string', example: '/v1/tenants' },
    code: { type: 'string', example: 'VALIDATION_ERROR' },
    requestId: { type: 'string', example: REQUEST_ID_EXAMPLE },
    errors: {
      type: 'array',
      description: 'Invalid members of the input',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            description: 'JSON pointer into the body, or the name of a parameter',
            example: '/name',
          },
          code: { type: 'string', example: 'REQUIRED' },
          detail: { type: 'string', example: 'is required' },
        },
      },
    },
  },
};

const REQUEST_ID_HEADER_OBJECT = {
  description: "The id of this request: the client's, or a new one",
  schema: { type: 'string', maxLength: 64, example: REQUEST_ID_EXAMPLE },
};

const REQUEST_ID_HEADERS = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

const IDEMPOTENCY_PARAMETER = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Makes the call safe to repeat for 24 hours: the same key and payload return the first response again',
  schema: { type: 'string', minLength: 1, maxLength: 255, example: '6e1c1f6a-new-service' },
};

const STEP_UP_PARAMETER = {
  name: STEP_UP_HEADER,
  in: 'header',
  required: false,
  description:
    'Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. ' +
    'Takes precedence if both are sent',
  schema: { type: 'string', minLength: 1, maxLength: 1024, example: 'eyJhbGciOiJFUzI1NiJ9.eyJzaWQiOiIuLi4ifQ.c2ln' },
};

const SERVICE_ID_PARAMETER = {
  name: SERVICE_ID_HEADER,
  in: 'header',
  required: false,
  description:
    "Id of the service that a workload acts as. Required with a token of the workload's own issuer as " +
    '`Authorization: Bearer`; other credentials identify the service themselves.',
  schema: { type: 'string', format: 'uuid', example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' },
};

/** The code of the refusal by which a route says that it needs the caller's password. */
const PASSWORD_REQUIRED = 'PASSWORD_REQUIRED';

/** The errors that follow from the declaration of an operation. */
function impliedErrors(
  located: LocatedOperation,
  audience: Audience | undefined,
  policy: PermissionPolicy,
): ErrorFactory[] {
  const { method, path, operation } = located;
  // The body of any other method is read, also where none is declared, to reject it; see `DeclaredInputGuard`.
  const readsBody = method !== 'get' && method !== 'head';
  const isMember = path.includes('{');
  const isConditional = operation.parameters?.some(({ name }) => name === 'If-Match') ?? false;
  return [
    // At least the URL itself may be malformed.
    coreErrors.VALIDATION_ERROR,
    ...(readsBody ? [coreErrors.MALFORMED_JSON, coreErrors.PAYLOAD_TOO_LARGE, coreErrors.UNSUPPORTED_MEDIA_TYPE] : []),
    ...(audience === undefined ? [] : policy.errorsOf(audience)),
    ...(operation[SERVED_WHILE_SEALED_EXTENSION] ? [] : [sealingErrors.SEALED, sealingErrors.MASTER_KEY_UNAVAILABLE]),
    ...(path.startsWith(HEALTH_PATH) ? [] : [databaseErrors.DATABASE_UNAVAILABLE]),
    ...(audience === undefined || method === 'get' ? [] : [databaseErrors.AUDIT_UNAVAILABLE]),
    ...(isMember ? [coreErrors.NOT_FOUND] : []),
    ...(isConditional ? [coreErrors.PRECONDITION_FAILED] : []),
    coreErrors.RATE_LIMITED,
    ...(isIdempotent(located, audience)
      ? [
          httpErrors.INVALID_IDEMPOTENCY_KEY,
          idempotencyErrors.IDEMPOTENCY_KEY_IN_USE,
          idempotencyErrors.IDEMPOTENCY_KEY_REUSED,
          coreErrors.GONE,
        ]
      : []),
    coreErrors.INTERNAL_ERROR,
  ];
}

/** Every POST in a scope, but for those whose answers are not stored; see `IdempotencyGuard`. */
const isIdempotent = ({ method, operation }: LocatedOperation, audience: Audience | undefined): boolean =>
  method === 'post' && audience !== undefined && audience !== 'user' && !operation[NOT_STORED_EXTENSION];

/**
 * Adds to a document what every operation has in common: credentials, request ids, and its refusals with an example of
 * each. Changes the document in place and returns it.
 *
 * @param policy whom a permission is for, and how such callers are rejected
 * @throws Error where a route declares an error that it has anyway: a list that must be kept in step, and tells nothing
 */
function completeDocument(document: OpenAPIObject, policy: PermissionPolicy): OpenAPIObject {
  const schemas = ((document.components ??= {}).schemas ??= {}) as Record<string, unknown>;
  schemas['Problem'] = PROBLEM_SCHEMA;
  // What many operations share is written once: the document would be four times as large otherwise.
  const examples = (document.components.examples ??= {}) as Record<string, unknown>;
  const responses = (document.components.responses ??= {}) as Record<string, Response>;
  document.components.headers = { 'X-Request-Id': REQUEST_ID_HEADER_OBJECT };
  removeUnknownMethods(document);
  for (const located of operationsOf(document)) {
    const { path, operation } = located;
    const access = operation[ACCESS_EXTENSION] as string | undefined;
    const audience = access === undefined || access === PUBLIC_ACCESS ? undefined : policy.audience(access);
    const signedIn = operation[SIGNED_IN_EXTENSION] as string | undefined;
    const shown = signedIn === undefined ? undefined : policy.audience(signedIn);
    // OpenAPI 3.1 §4.8.10: an empty requirement makes the others optional.
    operation.security = audience === undefined ? ((shown && [{}, ...SECURITY[shown]]) ?? []) : SECURITY[audience];
    const optional = shown === undefined ? [] : policy.errorsOf(shown);
    delete operation[SIGNED_IN_EXTENSION];
    if ((audience ?? shown) === 'service') (operation.parameters ??= []).push(SERVICE_ID_PARAMETER);
    if (isIdempotent(located, audience)) (operation.parameters ??= []).push(IDEMPOTENCY_PARAMETER);
    describePathParameters(operation, path);
    distinguishMethods(document, located);

    const declared = (operation[ERRORS_EXTENSION] ?? []) as DocumentedError[];
    if (declared.some(({ code }) => code === PASSWORD_REQUIRED)) (operation.parameters ??= []).push(STEP_UP_PARAMETER);
    delete operation[ERRORS_EXTENSION];
    const implied = [...impliedErrors(located, audience, policy), ...optional].map(documentedError);
    const repeated = declared.filter(({ code }) => implied.some((error) => error.code === code));
    if (repeated.length > 0) {
      const codes = repeated.map(({ code }) => code).join(', ');
      throw new Error(`${located.method} ${path}: @Fails repeats what the declaration implies: ${codes}`);
    }
    const errors = [...implied, ...declared];
    delete operation[NOT_STORED_EXTENSION];
    delete operation[SERVED_WHILE_SEALED_EXTENSION];
    for (const error of errors) examples[error.code] ??= exampleOf(error);
    for (const response of Object.values(operation.responses)) {
      response.headers = { ...response.headers, ...REQUEST_ID_HEADERS };
    }
    addProblems(operation, errors, responses);
  }
  return document;
}

/** Nest counts methods such as SEARCH, which a path item of OpenAPI 3.1 has no member for. */
function removeUnknownMethods(document: OpenAPIObject): void {
  for (const item of Object.values(document.paths) as Record<string, unknown>[]) {
    for (const member of Object.keys(item)) if (!METHODS.some((method) => method === member)) delete item[member];
  }
}

/** A handler of every method is one operation per method; each but GET is named after its own. */
function distinguishMethods(document: OpenAPIObject, { method, path, operation }: LocatedOperation): void {
  const others = Object.values(document.paths[path] ?? {}) as Operation[];
  const shared = others.filter(({ operationId }) => operationId === operation.operationId).length > 1;
  if (shared && method !== 'get') operation.operationId += method[0]!.toUpperCase() + method.slice(1);
}

/** Every `{parameter}` of the path is listed, whether or not its handler reads it; what is called an id is one. */
function describePathParameters(operation: Operation, path: string): void {
  const parameters = (operation.parameters ??= []);
  for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) {
    let parameter = parameters.find((known) => known.in === 'path' && known.name === name);
    if (parameter === undefined) {
      parameter = { name, in: 'path', required: true, schema: { type: 'string' } };
      parameters.unshift(parameter);
    }
    const noun = /^(\w+)Id$/.exec(name)?.[1];
    if (name === TENANT_PARAMETER) parameter.description ??= 'Id or slug of the tenant';
    else if (noun !== undefined)
      parameter.description ??= `Id of the ${noun.replaceAll(/[A-Z]/g, ' $&').toLowerCase()}`;
  }
}

const exampleOf = ({ code, title, status }: DocumentedError) => ({
  summary: title,
  value: {
    type: problemType(code),
    title,
    status,
    detail: title,
    instance: '/v1/tenants/acme',
    code,
    requestId: REQUEST_ID_EXAMPLE,
  },
});

/** The refusals of an operation, each status once; operations with the same refusals refer to the same response. */
function addProblems(operation: Operation, errors: DocumentedError[], responses: Record<string, Response>): void {
  for (const [status, ofStatus] of Object.entries(Object.groupBy(errors, (error) => String(error.status)))) {
    if (operation.responses[status] !== undefined) continue;
    const codes = [...new Set((ofStatus ?? []).map(({ code }) => code))].toSorted();
    const name = codes.join('.');
    responses[name] ??= problemResponse(status, codes);
    operation.responses[status] = { $ref: `#/components/responses/${name}` };
  }
}

const problemResponse = (status: string, codes: readonly string[]): Response => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  headers: {
    ...REQUEST_ID_HEADERS,
    ...(status === '429' ? { 'Retry-After': { schema: { type: 'integer', example: 30 } } } : {}),
  },
  content: {
    [PROBLEM_MEDIA_TYPE]: {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
    },
  },
});

/**
 * Says what a reader of the document would miss: an operation without summary, id, stated access, described answer, or
 * an example for each member of its body and answer. Empty for a complete document.
 */
export function findIncompleteOperations(document: OpenAPIObject): string[] {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const operations = operationsOf(document);
  const ids = operations.map(({ operation }) => operation.operationId);
  return operations.flatMap(({ method, path, operation }) => {
    const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
    const missing = [
      ...(operation.summary ? [] : ['summary']),
      ...(operation.operationId ? [] : ['operationId']),
      ...(ids.filter((id) => id === operation.operationId).length > 1 ? ['unique operationId'] : []),
      ...(operation[ACCESS_EXTENSION] === undefined ? ['access'] : []),
      ...(successes.length > 0 ? [] : ['successful response']),
      ...(operation.parameters ?? [])
        .filter(({ description }) => !description)
        .map(({ name }) => `description of ${name}`),
      ...withoutExample(schemas, 'request body', operation.requestBody?.content ?? {}),
      ...successes.flatMap(([status, { description, content }]) => [
        ...(description ? [] : [`description of ${status}`]),
        ...(content === undefined && status !== '204' ? [`schema of ${status}`] : []),
        ...withoutExample(schemas, `response ${status}`, content ?? {}),
      ]),
    ];
    return missing.map((what) => `${method.toUpperCase()} ${path}: ${what}`);
  });
}

function withoutExample(schemas: Record<string, Schema>, where: string, content: Record<string, MediaType>): string[] {
  return Object.values(content)
    .filter(({ schema, example, examples }) => example === undefined && !examples && !hasExample(schemas, schema))
    .map(() => `example of ${where}`);
}

/** Whether an example of the whole can be put together from its parts. */
function hasExample(
  schemas: Record<string, Schema>,
  schema: Schema | undefined,
  seen: readonly string[] = [],
): boolean {
  if (schema === undefined) return false;
  if ('example' in schema || 'examples' in schema || 'default' in schema || 'enum' in schema) return true;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!;
    return seen.includes(name) || hasExample(schemas, schemas[name], [...seen, name]);
  }
  const variants = schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) {
    return variants.filter(({ type }) => type !== 'null').every((variant) => hasExample(schemas, variant, seen));
  }
  if (schema.items !== undefined) return hasExample(schemas, schema.items, seen);
  if (schema.properties === undefined) return [schema.type].flat().includes('boolean');
  return Object.values(schema.properties).every((property) => hasExample(schemas, property, seen));
}

/** Builds the complete document of an application. */
export async function buildDocument(app: NestFastifyApplication, version: string): Promise<OpenAPIObject> {
  const { DocumentBuilder, SwaggerModule } = await declaredLibrary();
  const policy = app.get(PermissionPolicy, { strict: false });
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Chancery')
    .setDescription('Keys, credentials, certificates and tokens of many tenants.')
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Service-Key' }, 'serviceKey')
    .build();
  const document = SwaggerModule.createDocument(app, base, {
    operationIdFactory: (_controller, method) => method,
  });
  return completeDocument(document, policy);
}

/** What stays the same while the process runs: made once, and sent from memory. */
interface FixedDocument {
  readonly plain: Buffer;
  readonly plainTag: string;
  readonly gzipped: Buffer;
  readonly gzippedTag: string;
}

function fixedDocument(value: unknown): FixedDocument {
  const plain = Buffer.from(JSON.stringify(value));
  const gzipped = gzipSync(plain);
  return { plain, plainTag: contentTag(plain), gzipped, gzippedTag: contentTag(gzipped) };
}

/** RFC 9110 §12.5.3, as far as one coding needs it. */
const acceptsGzip = (header: string | string[] | undefined): boolean =>
  /(?:^|[,\s])gzip\s*(?:$|,|;\s*q=(?:1|0\.0*[1-9]))/i.test(String(header ?? ''));

/** Caches keep an answer, and ask each time whether it is still the one: RFC 9111 §5.2.2.4. */
const CACHE_CONTROL = 'public, no-cache';

/** Whether the path of a URL is one of those that this file serves. */
function isReference(url: string): boolean {
  // Asked for every request: most are told apart by their first characters.
  if (!url.startsWith(DOCUMENT_PATH) && !url.startsWith(REFERENCE_PATH)) return false;
  const path = pathOf(url);
  return path === DOCUMENT_PATH || `${path}/`.startsWith(`${REFERENCE_PATH}/`);
}

/**
 * Serves the document and a reference page that reads it, all from this machine. They are counted by source address as
 * every public route is, so that downloads do not delay signing.
 */
export function serveDocument(app: NestFastifyApplication, version: string): void {
  const server = app.getHttpAdapter().getInstance();
  const limits = app.get(RateLimits, { strict: false });
  // Fastify waits for a promise only where one is returned: requests for something else need none.
  server.addHook('onRequest', (request, reply, done) => {
    if (isReference(request.url)) return limits.count('public', trackerOf(request), reply);
    return done();
  });
  // The few kilobytes that the page itself and its script take; its other files have a tag of their own.
  server.addHook('onSend', (request, reply, payload, done) => {
    if (typeof payload === 'string' && reply.statusCode === 200 && isReference(request.url)) {
      reply.headers({ ETag: contentTag(payload), 'Cache-Control': CACHE_CONTROL });
    }
    done(null, payload);
  });

  let document: Promise<FixedDocument> | undefined;
  const fixed = (): Promise<FixedDocument> =>
    (document ??= buildDocument(app, version)
      .then(fixedDocument)
      .catch((error: unknown) => {
        document = undefined;
        throw error;
      }));
  app.getHttpAdapter().get(DOCUMENT_PATH, async (request: FastifyRequest, reply: FastifyReply) => {
    const { plain, plainTag, gzipped, gzippedTag } = await fixed();
    const gzip = acceptsGzip(request.headers['accept-encoding']);
    reply.headers({ ETag: gzip ? gzippedTag : plainTag, 'Cache-Control': CACHE_CONTROL, Vary: 'Accept-Encoding' });
    if (gzip) reply.header('Content-Encoding', 'gzip');
    return reply.type('application/json; charset=utf-8').send(gzip ? gzipped : plain);
  });
  serveReferencePage(app, REFERENCE_PATH, DOCUMENT_PATH);
}
