import { Malformed, concatenated, decodeBase64, toBase64, uint64, utf8 } from './bytes.js';
import type { SignatureType } from './note.js';

/** Bytes of SHA-256, the hash of every log here. */
export const HASH_BYTES = 32;

/** What a log says of itself at one moment (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

const SUBTREE_LABEL = utf8('subtree/v1\n\0');

/** Three lines and no extensions. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** The checkpoint that the text of a note holds. @throws Malformed, also for extension lines, which a log of ours has none of */
export function parseCheckpoint(text: string): Checkpoint {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/u.exec(text);
  if (!match) throw new Malformed('A checkpoint is three lines: origin, size and root');
  const size = Number(match[2]);
  const root = decodeBase64(match[3]!, 'The root');
  if (!Number.isSafeInteger(size) || root.length !== HASH_BYTES) throw new Malformed('The size or root is impossible');
  return { origin: match[1]!, size, root };
}

function prefixed(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length === 0 || bytes.length > 255) throw new Malformed('A name has 1 to 255 bytes');
  return concatenated(Uint8Array.of(bytes.length), bytes);
}

/** The bytes that a signature of each type is over. */
const MESSAGES: Readonly<Record<SignatureType, (text: string, cosigner: string, timestamp: number) => Uint8Array>> = {
  ed25519: (text) => utf8(text),
  ed25519Cosignature: (text, _cosigner, timestamp) => utf8(`cosignature/v1\ntime ${timestamp}\n${text}`),
  // `cosigned_message` of C2SP tlog-cosignature for the whole tree: from leaf 0.
  mlDsa44: (text, cosigner, timestamp) => {
    const { origin, size, root } = parseCheckpoint(text);
    return concatenated(
      SUBTREE_LABEL,
      prefixed(cosigner),
      uint64(timestamp),
      prefixed(origin),
      uint64(0),
      uint64(size),
      root,
    );
  },
};

/**
 * The bytes that a key signs, or a signature of it is verified over.
 *
 * @param text of the note, with its last newline
 * @param timestampSeconds the time that a cosignature states; unused by plain Ed25519
 */
export const signedMessage = (
  text: string,
  { type, name }: { readonly type: SignatureType; readonly name: string },
  timestampSeconds: number,
): Uint8Array => MESSAGES[type](text, name, timestampSeconds);
