import { SECOND } from '#core';
import {
  type AddCheckpoint,
  Malformed,
  type NoteSignature,
  type VerifierKey,
  cosignaturesIn,
  formatAddCheckpoint,
  parseCosignedSize,
  parseNote,
} from '#transparency-log';

/** A witness that cosigns checkpoints (C2SP tlog-witness). */
export interface Witness {
  readonly key: VerifierKey;
  /** The submission prefix, without a slash at its end. */
  readonly url: string;
}

/** What a witness answered: its cosignatures, or the size that it had cosigned where another one was named. */
type WitnessAnswer = { readonly cosignatures: readonly NoteSignature[] } | { readonly cosignedSize: number };

/** The witness is away or overloaded: it says nothing about the history that it was asked about. */
export class WitnessUnavailable extends Error {}

const ANSWER_WITHIN = 10 * SECOND;
const ANSWER_BYTES_MAX = 65_536;
const CONFLICT = 409;
const TOO_MANY = 429;

/**
 * Asks a witness to cosign a checkpoint.
 * @param stopped ends the request early
 * @throws WitnessUnavailable for no answer in time, a server's error (5xx) and too many requests (429)
 * @throws Error that says why there is no cosignature: another status, an answer that does not verify
 */
export async function addCheckpoint(
  { key, url }: Witness,
  request: AddCheckpoint,
  stopped: AbortSignal,
): Promise<WitnessAnswer> {
  const { status, text } = await answerOf(url, formatAddCheckpoint(request), stopped).catch((error: Error) => {
    if (error instanceof Malformed) throw error;
    throw new WitnessUnavailable(`${key.name} did not answer: ${error.message}`, { cause: error });
  });
  if (status === CONFLICT) return { cosignedSize: parseCosignedSize(text) };
  if (status === TOO_MANY || status >= 500) throw new WitnessUnavailable(`${key.name} answered ${status}`);
  if (status !== 200) throw new Error(`${key.name} answered ${status}`);
  return { cosignatures: cosignaturesIn(text, parseNote(request.note).text, key) };
}

async function answerOf(url: string, body: string, stopped: AbortSignal): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'User-Agent': 'Chancery' },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN), stopped]),
  });
  return { status: answer.status, text: await shortText(answer) };
}

/** @throws Malformed for an answer that is too large */
async function shortText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Malformed('The answer of the witness is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
