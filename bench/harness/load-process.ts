// A process of its own that puts load on one address after another: each message to it is a `LoadRequest`, and is answered with a
// `LoadOutcome`. It ends when the bench does.
import autocannon, { type Options, type Request, type Result } from 'autocannon';

import { type LoadOutcome, type LoadRequest, type LoadResult, isAccepted } from './load.ts';

const SAMPLES_MAX = 200;

async function put(request: LoadRequest): Promise<LoadResult> {
  const { variants, repeated = false } = request;
  const statuses: Record<string, number> = {};
  const samples: string[] = [];
  const latencies = { accepted: [] as number[], rejected: [] as number[] };
  let answered = 0;
  let asked = 0;

  /** Keeps every answer with the same probability (reservoir sampling, algorithm R). */
  const sample = (body: string): void => {
    answered += 1;
    if (samples.length < SAMPLES_MAX) samples.push(body);
    else {
      const place = Math.floor(Math.random() * answered);
      if (place < SAMPLES_MAX) samples[place] = body;
    }
  };

  const target = new URL(request.url);
  const headers = { 'content-type': 'application/json', ...request.headers };

  /** The next variant over what all have in common. */
  const next = (common: Request): Request => {
    const variant = variants![asked % variants!.length]!;
    asked += 1;
    if (asked === variants!.length && !repeated) instance.stop?.();
    return {
      ...common,
      path: variant.path ?? `${target.pathname}${target.search}`,
      headers: { ...headers, ...variant.headers },
      body: variant.body ?? request.body,
    };
  };

  const options: Options = {
    url: request.url,
    connections: request.connections,
    duration: request.seconds,
    requests: [
      {
        method: request.method as 'POST',
        headers,
        ...(request.body === '' ? {} : { body: request.body }),
        ...(variants ? { setupRequest: next } : {}),
        onResponse: (status, body) => {
          statuses[status] = (statuses[status] ?? 0) + 1;
          if (isAccepted(status)) sample(body);
        },
      },
    ],
  };

  let instance: { on(event: 'response', heard: Heard): void; stop?(): void };
  const measured = await new Promise<Result>((resolve, reject) => {
    instance = autocannon(options, (error: Error | null, result) => (error ? reject(error) : resolve(result)));
    // Its own histogram counts whole milliseconds.
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      latencies[isAccepted(status) ? 'accepted' : 'rejected'].push(milliseconds);
    });
  });

  for (const list of Object.values(latencies)) list.sort((one, other) => one - other);
  return {
    seconds: measured.duration,
    sent: measured.requests.sent,
    errors: measured.errors,
    statuses,
    latencyMilliseconds: { p50: percentile(latencies.accepted, 0.5), p99: percentile(latencies.accepted, 0.99) },
    rejectionMilliseconds: { p99: percentile(latencies.rejected, 0.99) },
    samples,
  };
}

type Heard = (client: unknown, status: number, bytes: number, milliseconds: number) => void;

const percentile = (list: readonly number[], share: number): number =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0;

process.on('message', (request: LoadRequest) => {
  const answer = (outcome: LoadOutcome): boolean => process.send!(outcome);
  put(request).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
