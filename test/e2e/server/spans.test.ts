import { type Server as HttpServer, createServer, request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestIssuer, createIssuer } from '../signing/issuer.js';
import { filesUnder, read } from '../../architecture/project-files.js';
import { listen } from '../../support/gateway.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

/** A span as OTLP writes it in JSON; https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { stringValue?: string; intValue?: number } }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface Received {
  readonly path: string | undefined;
  readonly key: string | undefined;
  readonly text: string;
}

const SERVER_KIND = 2;
const ERROR_STATUS = 2;
const BODY_AFTER_MILLISECONDS = 100;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

/** What a collector does with what is posted to it: it answers, and keeps it. */
async function startCollector(): Promise<{ url: string; received: Received[]; server: HttpServer }> {
  const received: Received[] = [];
  const server = createServer((posted, response) => {
    let text = '';
    posted.on('data', (chunk: Buffer) => (text += chunk.toString()));
    posted.on('end', () => {
      received.push({ path: posted.url, key: posted.headers['api-key'] as string | undefined, text });
      response.setHeader('Content-Type', 'application/json').end('{"partialSuccess":{}}');
    });
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, received, server };
}

/** A request whose body comes later than its head, so that the socket calls what reads it. */
function postSlowly(url: string, headers: Record<string, string>): Promise<{ requestId: string; body: Shape }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.once('end', () =>
          resolve({ requestId: String(answer.headers['x-request-id']), body: JSON.parse(text) as Shape }),
        );
      },
    );
    asked.once('error', reject);
    asked.flushHeaders();
    setTimeout(() => asked.end('{}'), BODY_AFTER_MILLISECONDS);
  });
}

describe('tracing', () => {
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let server: TestServer;
  let tenant: TestTenant;
  let issuer: TestIssuer;
  let spans: readonly OtlpSpan[];
  let resource: Shape;
  const answers: Record<'signed' | 'refused' | 'untraced' | 'created', { requestId: string; body: Shape }> =
    {} as never;
  let events: readonly Shape[];
  let logs: readonly Shape[];

  beforeAll(async () => {
    collector = await startCollector();
    server = await startTestServer({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret%20of%20the%20collector',
        OTEL_SERVICE_NAME: 'chancery-test',
      },
    });
    tenant = await createTenant(server);
    issuer = await createIssuer(server, tenant, { algorithm: 'ES256' });
    const { serviceKey } = issuer.service;
    const sign = `/v1/sign/${issuer.profile}`;
    const ask = async (path: string, body: unknown, headers: Record<string, string>) => {
      const answer = await server.post(path, body, { serviceKey, headers });
      return { requestId: answer.headers.get('x-request-id')!, body: answer.body };
    };
    answers.signed = await postSlowly(server.url + sign, {
      'X-Service-Key': serviceKey,
      traceparent: `00-${TRACE}-${PARENT}-01`,
    });
    answers.refused = await ask('/v1/sign/unknown', {}, {});
    answers.untraced = await ask(sign, {}, { traceparent: `00-${'a'.repeat(32)}-${PARENT}-00` });
    const created = await server.post(`${tenant.path}/services`, { name: 'traced', profiles: [] }, tenant.owner);
    answers.created = { requestId: created.headers.get('x-request-id')!, body: created.body };
    events = (await server.get(`${tenant.path}/audit-events?limit=100`, tenant.owner)).body[
      'items'
    ] as unknown as Shape[];
    logs = server.logs.map((line) => JSON.parse(line) as Shape);
    await server.close();
    const sent = collector.received.map(
      ({ text }) => JSON.parse(text) as { resourceSpans: { resource: Shape; scopeSpans: { spans: OtlpSpan[] }[] }[] },
    );
    const all = sent.flatMap(({ resourceSpans }) => resourceSpans);
    resource = all[0]!.resource;
    spans = all.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  });
  afterAll(() => collector.server.close());

  const ofTrace = (traceId: string): OtlpSpan[] => spans.filter((span) => span.traceId === traceId);
  const attribute = (span: OtlpSpan, key: string): string | number | undefined => {
    const value = span.attributes.find((one) => one.key === key)?.value;
    return value?.stringValue ?? value?.intValue;
  };

  it('spans are posted to the collector, with its headers and the name of the service', () => {
    expect(collector.received.length).toBeGreaterThan(0);
    for (const { path, key } of collector.received)
      expect([path, key]).toEqual(['/v1/traces', 'a secret of the collector']);
    expect(resource['attributes']).toEqual(
      expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'chancery-test' } }]),
    );
  });

  it('the span of a request is part of the trace that the client names, and signature and commit are part of it', () => {
    const [served] = ofTrace(TRACE).filter(({ kind }) => kind === SERVER_KIND) as [OtlpSpan];
    expect([served.name, served.parentSpanId]).toEqual(['POST /v1/sign/:profile', PARENT]);
    expect(attribute(served, 'http.response.status_code')).toBe(200);
    expect(Number(BigInt(served.endTimeUnixNano) - BigInt(served.startTimeUnixNano))).toBeGreaterThan(0);
    const within = ofTrace(TRACE).filter(({ spanId }) => spanId !== served.spanId);
    expect(within.map(({ name }) => name).toSorted()).toEqual(['commit', 'sign']);
    const known = new Set(ofTrace(TRACE).map(({ spanId }) => spanId));
    expect(within.filter(({ parentSpanId }) => !known.has(parentSpanId!))).toEqual([]);
  });

  it('the transaction of a change is part of the trace of its request', () => {
    const names = ofTrace(answers.created.requestId).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['transaction', 'POST /v1/tenants/:tenantId/services']));
  });

  it('the id of a trace is that of its request: in the answer, in the problem, in the log and in the event', () => {
    expect(answers.signed.requestId).toBe(TRACE);
    const { requestId, body } = answers.refused;
    expect(body['requestId']).toBe(requestId);
    expect(ofTrace(requestId).map(({ kind }) => kind)).toContain(SERVER_KIND);
    expect(logs.some((line) => line['requestId'] === requestId)).toBe(true);
    const created = events.find(
      (event) =>
        event['target']?.['id'] === answers.created.body['service']?.['id'] ||
        event['requestId'] === answers.created.requestId,
    );
    expect(created?.['requestId']).toBe(answers.created.requestId);
  });

  it('a refusal is not an error of the server, and no span has a message', () => {
    const refused = ofTrace(answers.refused.requestId).find(({ kind }) => kind === SERVER_KIND)!;
    expect([attribute(refused, 'http.response.status_code'), refused.status.code ?? 0]).toEqual([404, 0]);
    expect(spans.filter(({ status }) => status.message !== undefined && status.message !== '')).toEqual([]);
    expect(
      spans
        .filter(({ status }) => status.code === ERROR_STATUS)
        .every((span) => attribute(span, 'error.type') !== undefined),
    ).toBe(true);
  });

  it('a trace that its client does not sample is not sent', () => {
    expect(ofTrace('a'.repeat(32))).toEqual([]);
    expect(answers.untraced.requestId).toBe('a'.repeat(32));
  });

  it('spans have no secret in them', () => {
    const sent = collector.received.map(({ text }) => text).join();
    const secrets = [
      issuer.service.serviceKey,
      issuer.service.jwtSecret,
      tenant.owner.token,
      answers.signed.body['token']!,
    ];
    expect(secrets.filter((secret) => sent.includes(secret))).toEqual([]);
  });

  it('OpenTelemetry is imported by one file, which is imported where a collector is configured', () => {
    const sources = [...filesUnder('libs'), ...filesUnder('apps')].filter((path) => /(?<!\.spec)\.ts$/.test(path));
    const importing = (pattern: RegExp): string[] => sources.filter((path) => pattern.test(read(path)));
    expect(importing(/from '@opentelemetry\//)).toEqual(['libs/tracing/otlp.ts']);
    expect(importing(/from '\.\/otlp\.js'/)).toEqual([]);
    expect(importing(/import\('\.\/otlp\.js'\)/)).toEqual(['libs/tracing/start-tracing.ts']);
  });
});
