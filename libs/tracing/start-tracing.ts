import type { SettingValues } from '#config';

import { headersOf, type tracingSettings } from './settings.js';
import { type Tracer, traceWith } from './tracing.js';

/** Traces from now on, if a collector is configured: only then is the library of OpenTelemetry loaded. */
export async function startTracing(
  settings: SettingValues<typeof tracingSettings>,
  serviceVersion: string,
): Promise<{ stop(): Promise<void> }> {
  const { otlpEndpoint, otlpHeaders, otelServiceName: serviceName, otelSampledShare: sampledShare } = settings;
  if (otlpEndpoint === undefined) return { stop: async () => undefined };
  const { openOtlp } = await import('./otlp.js');
  const headers = otlpHeaders === undefined ? {} : headersOf(otlpHeaders.reveal());
  const url = `${otlpEndpoint}/v1/traces`;
  const tracer: Tracer = openOtlp({ url, headers, serviceName, serviceVersion, sampledShare });
  traceWith(tracer);
  return {
    stop: async () => {
      traceWith(undefined);
      // Where the collector does not answer, what was to be sent is lost, and nothing else.
      await tracer.close().catch(() => undefined);
    },
  };
}
