import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

import type { Span, Tracer } from './tracing.js';

interface OtlpOptions {
  /** The URL to which spans are posted. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Of the traces that begin here. */
  readonly sampledShare: number;
}

const KINDS = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL } as const;
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/**
 * Sends spans in batches, in the background: a collector that does not answer costs spans and no request. This file is
 * the only one that imports OpenTelemetry, and is imported where it is configured.
 */
export function openOtlp({ url, headers, serviceName, serviceVersion, sampledShare }: OtlpOptions): Tracer {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': serviceVersion }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url, headers: { ...headers } }) })],
  });
  const spans = provider.getTracer(serviceName, serviceVersion);
  const contexts = new WeakMap<Span, Context>();
  const contextOf = (parent: Span | string | undefined): Context => {
    if (parent === undefined) return ROOT_CONTEXT;
    if (typeof parent !== 'string') return contexts.get(parent) ?? ROOT_CONTEXT;
    const [, traceId, spanId, flags] = TRACE_PARENT.exec(parent) ?? [];
    if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags!, 16),
      isRemote: true,
    });
  };
  return {
    begin: (name, kind, parent) => {
      const context = contextOf(parent);
      const span = spans.startSpan(name, { kind: KINDS[kind] }, context);
      const begun: Span = {
        traceId: span.spanContext().traceId,
        end: ({ name: known, attributes, errorCode }) => {
          if (known !== undefined) span.updateName(known);
          if (attributes) span.setAttributes(attributes);
          if (errorCode !== undefined) {
            span.setAttribute('error.type', errorCode);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
      contexts.set(begun, trace.setSpan(context, span));
      return begun;
    },
    close: () => provider.shutdown(),
  };
}
