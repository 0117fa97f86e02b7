// Whether an answer is one that the API document declares: its status, its media type, its members and, for a refusal, its code.
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import { fromRfc3339 } from '#core';
import { buildDocument } from '../../apps/server/src/http/openapi.js';

/** A JSON schema as far as the API document uses it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly example?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}
export interface DeclaredAnswer {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema; readonly examples?: object }>>;
}
export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, DeclaredAnswer>>;
  readonly 'x-access': string;
}
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, DeclaredAnswer>>;
  };
}
export interface Located {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}
/** An answer as it was received. */
export interface RawAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null | undefined;
  readonly text: string;
}

export const operationsOf = ({ paths }: ApiDocument): readonly Located[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Located => {
      const name = `${method.toUpperCase()} ${path}`;
      return { name, method: method.toUpperCase(), path, operation };
    }),
  );

const mediaTypeOf = ({ header }: RawAnswer): string => (header('content-type') ?? '').split(/; ?charset=/)[0]!;

/** What the API writes of what the document calls a format. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => fromRfc3339(text) !== undefined && /^.{23}Z$/.test(text),
  // Also the nil UUID, which is the tenant of the history of the installation.
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  uri: (text) => URL.canParse(text),
};

/** The same schemas without room for members that they do not name. A refusal has extensions (RFC 9457 §3.2). */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  return copy['type'] === 'object' && typeof copy['properties'] === 'object'
    ? { additionalProperties: false, ...copy }
    : copy;
}

export class DeclaredAnswers {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  readonly #validators = new Map<JsonSchema, ValidateFunction>();
  readonly #located: readonly (Located & { readonly pattern: RegExp })[];

  constructor(readonly document: ApiDocument) {
    for (const [name, validate] of Object.entries(FORMATS)) this.#ajv.addFormat(name, validate);
    const { Problem, ...schemas } = document.components.schemas;
    const components = { schemas: { ...(closed(schemas) as object), Problem } };
    this.#ajv.addSchema({ $id: 'document', components });
    const parameters = (path: string): number => path.split('{').length;
    this.#located = operationsOf(document)
      .toSorted((one, other) => parameters(one.path) - parameters(other.path))
      .map((located) => ({ ...located, pattern: patternOf(located.path) }));
  }

  /** The operation that a request is for; `undefined` where the document has none. */
  find(method: string, target: string): Located | undefined {
    const path = target.split('?')[0]!;
    return this.#located.find((located) => located.method === method && located.pattern.test(path));
  }

  /** What is wrong with an answer; empty if the document declares it. */
  faultsOf({ operation, method }: Located, answer: RawAnswer): string[] {
    const { status, text } = answer;
    // What Node's parser rejects is in no operation.
    if (status === 304 || method === 'HEAD' || text.includes('"UNREADABLE_REQUEST"')) return [];
    const declared = operation.responses[status];
    if (status >= 400 && !this.#isDeclaredJson(declared, answer)) return this.#problemFaults(declared, answer);
    if (declared === undefined) return [`${status} is not declared`];
    const { content } = this.#declared(declared);
    if (content === undefined) return text === '' ? [] : [`${status} has a body that is not declared`];
    const media = content[mediaTypeOf(answer)];
    if (media === undefined) return [`${mediaTypeOf(answer)} is not declared for ${status}`];
    return mediaTypeOf(answer) === 'application/json' ? this.#schemaFaults(media.schema, JSON.parse(text)) : [];
  }

  /** @throws Error for an answer that the document does not declare; paths that it does not have are not looked at */
  require(method: string, target: string, answer: RawAnswer): void {
    const located = this.find(method, target);
    const faults = located === undefined ? [] : this.faultsOf(located, answer);
    if (faults.length === 0) return;
    const { status, text } = answer;
    throw new Error(`${method} ${target}: ${status} ${text.slice(0, 500)}\n${faults.join('\n')}`);
  }

  #declared(answer: DeclaredAnswer): DeclaredAnswer {
    return answer.$ref === undefined ? answer : this.document.components.responses[answer.$ref.split('/').at(-1)!]!;
  }

  /** Of endpoints whose standard has errors of its own (RFC 6749 §5.2). */
  #isDeclaredJson(declared: DeclaredAnswer | undefined, answer: RawAnswer): boolean {
    if (declared === undefined || mediaTypeOf(answer) !== 'application/json') return false;
    return this.#declared(declared).content?.['application/json'] !== undefined;
  }

  #problemFaults(declared: DeclaredAnswer | undefined, answer: RawAnswer): string[] {
    const { status, text, header } = answer;
    // The sample of TeleSign fails without a body.
    if (status === 500 && mediaTypeOf(answer) === 'text/plain' && text === '') return [];
    if (mediaTypeOf(answer) !== 'application/problem+json') return [`${status} is no problem document: ${text}`];
    const problem = JSON.parse(text) as Record<string, unknown>;
    const examples = declared && this.#declared(declared).content?.['application/problem+json']?.examples;
    const code = String(problem['code']);
    return [
      ...(examples && code in examples ? [] : [`${status} ${code} is not declared`]),
      ...(problem['status'] === status ? [] : ['the status of the document is another']),
      ...(problem['requestId'] === header('x-request-id') ? [] : ['the request id of the document is another']),
      ...this.#schemaFaults({ $ref: '#/components/schemas/Problem' }, problem),
    ];
  }

  #schemaFaults(schema: JsonSchema, value: unknown): string[] {
    let validate = this.#validators.get(schema);
    if (validate === undefined) {
      const text = JSON.stringify(closed(schema)).replaceAll('"#/components/', '"document#/components/');
      this.#validators.set(schema, (validate = this.#ajv.compile(JSON.parse(text) as object)));
    }
    validate(value);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** The targets of a path of the document; what follows a documented path to its end is `{path}`. */
const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replaceAll('{path}', '.+')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  );

/** Those of a server that runs. */
export const declaredAnswersOf = async (app: INestApplication): Promise<DeclaredAnswers> =>
  new DeclaredAnswers((await buildDocument(app as NestFastifyApplication, '0')) as unknown as ApiDocument);
