// A process of its own that puts load on one address: it reads a `LoadRequest` from its standard input and writes a
// `LoadResult` to its standard output.
import { text } from 'node:stream/consumers';

import autocannon, { type Options, type Result } from 'autocannon';

import type { LoadRequest, LoadResult } from './load.ts';

const request = JSON.parse(await text(process.stdin)) as LoadRequest;

const SAMPLES_MAX = 200;
const statuses: Record<string, number> = {};
const samples: string[] = [];
const latencies: number[] = [];
let answered = 0;

/** Keeps every answer with the same probability (reservoir sampling, algorithm R). */
function sample(body: string): void {
  answered += 1;
  if (samples.length < SAMPLES_MAX) samples.push(body);
  else {
    const place = Math.floor(Math.random() * answered);
    if (place < SAMPLES_MAX) samples[place] = body;
  }
}

const options: Options = {
  url: request.url,
  connections: request.connections,
  duration: request.seconds,
  requests: [
    {
      method: request.method as 'POST',
      headers: { 'content-type': 'application/json', ...request.headers },
      body: request.body,
      onResponse: (status, body) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 200) sample(body);
      },
    },
  ],
};
const measured = await new Promise<Result>((resolve, reject) => {
  const instance = autocannon(options, (error: Error | null, result) => (error ? reject(error) : resolve(result)));
  // Its own histogram counts whole milliseconds.
  instance.on('response', (_client, status, _bytes, milliseconds) => {
    if (status === 200) latencies.push(milliseconds);
  });
});

latencies.sort((one, other) => one - other);
const percentile = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? Number.NaN;
const result: LoadResult = {
  seconds: measured.duration,
  sent: measured.requests.sent,
  errors: measured.errors,
  statuses,
  latencyMilliseconds: { p50: percentile(0.5), p99: percentile(0.99) },
  samples,
};
process.stdout.write(JSON.stringify(result));
