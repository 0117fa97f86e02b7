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
export type WitnessAnswer = { readonly cosignatures: readonly NoteSignature[] } | { readonly cosignedSize: number };

const ANSWER_WITHIN = 10 * SECOND;
const ANSWER_BYTES_MAX = 65_536;
const CONFLICT = 409;

/**
 * Asks a witness to cosign a checkpoint.
 * @throws Error that says why there is no cosignature: no answer, another status, an answer that does not verify
 */
export async function addCheckpoint({ key, url }: Witness, request: AddCheckpoint): Promise<WitnessAnswer> {
  const answer = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'User-Agent': 'Chancery' },
    body: formatAddCheckpoint(request),
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  });
  const text = await shortText(answer);
  if (answer.status === CONFLICT) return { cosignedSize: parseCosignedSize(text) };
  if (answer.status !== 200) throw new Error(`${key.name} answered ${answer.status}`);
  return { cosignatures: cosignaturesIn(text, parseNote(request.note).text, key) };
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
