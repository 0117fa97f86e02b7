import { Malformed, decodeBase64, toBase64 } from './bytes.js';
import { HASH_BYTES } from './checkpoint.js';

/** A proof that an entry is in a log, which needs nothing but the keys of the log to verify (C2SP tlog-proof). */
export interface LogProof {
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
  /** What the log has to say beside it; nothing proves that. */
  readonly extra?: Uint8Array | undefined;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^63 leaves has no longer proof. */
const HASHES_MAX = 63;

export const formatLogProof = ({ index, proof, note, extra }: LogProof): string =>
  [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...proof.map((hash) => toBase64(hash)),
    '',
    note,
  ].join('\n');

/** @throws Malformed */
export function parseLogProof(text: string): LogProof {
  const match =
    /^c2sp\.org\/tlog-proof@v1\n(?:extra ([^\n]*)\n)?index (0|[1-9]\d{0,15})\n((?:[^\n]+\n)*)\n([\s\S]+)$/u.exec(text);
  if (!match) throw new Malformed('It is not a tlog-proof');
  const [, extra, index, lines, note] = match;
  const hashes = lines!.split('\n').slice(0, -1);
  if (hashes.length > HASHES_MAX) throw new Malformed('The proof is too long');
  const proof = hashes.map((line) => decodeBase64(line, 'A hash of the proof'));
  if (proof.some(({ length }) => length !== HASH_BYTES))
    throw new Malformed('A hash of the proof has the wrong length');
  const given = { index: Number(index), proof, note: note! };
  return extra === undefined ? given : { ...given, extra: decodeBase64(extra, 'The extra data') };
}
