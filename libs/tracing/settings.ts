import { baseUrlOf, optional, setting, text } from '#config';
import { Secret } from '#core';

/** The variables of OpenTelemetry that are read here; https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. */
export const tracingSettings = {
  otlpEndpoint: optional({
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    parse: baseUrlOf('https:', 'http:'),
    description:
      'Where spans are sent by OTLP over HTTP (JSON), at `/v1/traces` below this URL: `http://collector:4318`. Nothing is traced if unset.',
  }),
  otlpHeaders: optional({
    variable: 'OTEL_EXPORTER_OTLP_HEADERS',
    parse: (value) => {
      headersOf(value);
      return new Secret(value);
    },
    description: 'Headers that go with them: `name=value`, separated by commas, values percent-encoded.',
    secret: true,
  }),
  otelServiceName: setting({
    variable: 'OTEL_SERVICE_NAME',
    fallback: 'chancery',
    parse: text,
    description: 'The name of this service in its spans.',
  }),
  otelSampledShare: setting({
    variable: 'OTEL_TRACES_SAMPLER_ARG',
    fallback: '1',
    parse: share,
    description:
      'Share of the traces that begin here and are sent, from 0 to 1. Those that begin elsewhere are sent where their `traceparent` says so.',
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
