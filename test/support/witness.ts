import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type Checkpoint,
  type VerifierKey,
  SEED_BYTES,
  checkpointSigner,
  formatSignature,
  formatVerifierKey,
  openCheckpoint,
  parseNote,
  signNote,
  verifyConsistency,
} from '#transparency-log';

/** A witness of the tests: it does what C2SP tlog-witness demands of `add-checkpoint`, and can be made to fail. */
export interface TestWitness {
  readonly key: VerifierKey;
  readonly url: string;
  /** What `CHANCERY_WITNESS_URLS` takes. */
  readonly setting: string;
  /** The status of each answer, in order. */
  readonly answers: readonly number[];
  /** The largest checkpoint of each log that it has cosigned. */
  readonly cosigned: ReadonlyMap<string, Checkpoint>;
  /** Another answer to everything, or none; `undefined` for the right one. */
  instead: { readonly status: number; readonly body: string } | 'silence' | undefined;
  /** What its answer waits for after it has cosigned. */
  late: Promise<void> | undefined;
  /** How many requests wait for an answer that does not come. */
  readonly unanswered: number;
  trust(origin: string, keys: readonly VerifierKey[]): void;
  close(): Promise<void>;
}

export async function startWitness(name = 'witness.example/w1'): Promise<TestWitness> {
  const signer = checkpointSigner(name, 'ed25519Cosignature', randomBytes(SEED_BYTES));
  const trusted = new Map<string, readonly VerifierKey[]>();
  const cosigned = new Map<string, Checkpoint>();
  const answers: number[] = [];
  let unanswered = 0;

  const add = (body: string): { status: number; body: string } => {
    const split = body.indexOf('\n\n');
    const [first = '', ...proof] = body.slice(0, split).split('\n');
    const note = body.slice(split + 2);
    const origin = note.slice(0, note.indexOf('\n'));
    const keys = trusted.get(origin);
    if (!keys) return { status: 404, body: 'unknown log\n' };
    const checkpoint = openCheckpoint(note, origin, keys);
    const oldSize = Number(/^old (\d+)$/.exec(first)?.[1]);
    const known = cosigned.get(origin);
    if (oldSize > checkpoint.size) return { status: 400, body: 'bad request\n' };
    if ((known?.size ?? 0) !== oldSize) return { status: 409, body: `${known?.size ?? 0}\n` };
    const isContinued = known
      ? verifyConsistency({
          first: known.size,
          firstRoot: known.root,
          second: checkpoint.size,
          secondRoot: checkpoint.root,
          proof: proof.map((line) => Buffer.from(line, 'base64')),
        })
      : proof.length === 0;
    if (!isContinued) return { status: 422, body: 'inconsistent\n' };
    cosigned.set(origin, checkpoint);
    const line = signNote(parseNote(note).text, signer, 1_700_000_000 + checkpoint.size);
    return { status: 200, body: formatSignature(line) };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const isRight = request.method === 'POST' && request.url === '/prefix/add-checkpoint';
    if (witness.instead === 'silence') {
      unanswered += 1;
      response.on('close', () => (unanswered -= 1));
      return;
    }
    const given = isRight ? (witness.instead ?? add(Buffer.concat(chunks).toString())) : { status: 404, body: '' };
    await witness.late;
    answers.push(given.status);
    response.writeHead(given.status, { 'Content-Type': 'text/plain' }).end(given.body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  const witness: TestWitness = {
    key: signer.key,
    url,
    setting: `${formatVerifierKey(signer.key)} ${url}/`,
    answers,
    cosigned,
    instead: undefined,
    late: undefined,
    get unanswered() {
      return unanswered;
    },
    trust: (origin, keys) => void trusted.set(origin, keys),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return witness;
}
