import { baseUrlOf, optional, setting, text } from '#config';
import { Secret } from '#core';

/** The variables of OpenTelemetry that are read here; https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. */
export const tracingSettings = {
  otlpEndpoint: optional({
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    parse: baseUrlOf('https:', 'http:'),
    description:
      'Base URL of the OpenTelemetry collector: `http://collector:4318`. Spans are sent to `/v1/traces` below ' +
      'it, with OTLP over HTTP (JSON). If unset, nothing is traced.',
  }),
  otlpHeaders: optional({
    variable: 'OTEL_EXPORTER_OTLP_HEADERS',
    parse: (value) => {
      headersOf(value);
      return new Secret(value);
    },
    description: 'Headers of these requests: comma-separated `name=value`, values percent-encoded.',
    secret: true,
  }),
  otelServiceName: setting({
    variable: 'OTEL_SERVICE_NAME',
    fallback: 'chancery',
    parse: text,
    description: 'Name of this service in its spans.',
  }),
  otelSampledShare: setting({
    variable: 'OTEL_TRACES_SAMPLER_ARG',
    fallback: '1',
    parse: share,
    description:
      'Share of the traces that begin here to send, from 0 to 1. Traces that begin elsewhere are sent if their ' +
      '`traceparent` says so.',
  }),
} as const;

function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 1)) throw new Error('must be a number from 0 to 1');
  return number;
}

/** @throws Error, without the value */
export function headersOf(value: string): Readonly<Record<string, string>> {
  const pairs = value.split(',').map((pair) => {
    const [, name, encoded] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=(.*)$/.exec(pair) ?? [];
    if (name === undefined) throw new Error('must be name=value, separated by commas');
    try {
      return [name, decodeURIComponent(encoded!.trim())] as const;
    } catch {
      throw new Error(`must have percent-encoded values: that of ${name} is not`);
    }
  });
  return Object.fromEntries(pairs);
}
