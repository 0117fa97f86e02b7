// What an auditor verifies in the browser, by WebCrypto. The server has its own implementation, `libs/transparency-log`;
// the specification of this one compares the two.

/** What a log said of itself, as a signed note (C2SP tlog-checkpoint). */
export interface SignedCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

type Bytes = Uint8Array<ArrayBuffer>;

const KEY_ID_BYTES = 4;
const ED25519 = 1;

const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const fromHex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A root as proofs have it: hexadecimal. */
export const rootInHex = ({ root }: Pick<SignedCheckpoint, 'root'>): string => toHex(fromBase64(root));

/** @throws Error where the text is no signed checkpoint */
export function parseSignedCheckpoint(note: string): SignedCheckpoint {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]+={0,2})\n$/u.exec(text);
  if (split < 0 || match === null) throw new Error('This is no signed checkpoint');
  const signatures = note
    .slice(split + 2)
    .split('\n')
    .flatMap((line) => {
      const signed = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
      return signed === null ? [] : [{ name: signed[1]!, bytes: fromBase64(signed[2]!) }];
    });
  return { origin: match[1]!, size: Number(match[2]), root: match[3]!, text, signatures };
}

/**
 * Whether a key signed the checkpoint.
 *
 * @param verifierKey `<name>+<key id>+<key>` (C2SP signed-note), of Ed25519
 */
export async function isSignedBy(checkpoint: SignedCheckpoint, verifierKey: string): Promise<boolean> {
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(verifierKey.trim()) ?? [];
  if (encoded === undefined) return false;
  const key = fromBase64(encoded);
  if (key[0] !== ED25519) return false;
  const line = checkpoint.signatures.find(
    (each) => each.name === name && toHex(each.bytes.subarray(0, KEY_ID_BYTES)) === keyId,
  );
  if (line === undefined) return false;
  const publicKey = await crypto.subtle.importKey('raw', key.slice(1), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify(
    'Ed25519',
    publicKey,
    line.bytes.slice(KEY_ID_BYTES),
    new TextEncoder().encode(checkpoint.text),
  );
}

const sha256 = async (...parts: readonly Uint8Array[]): Promise<Bytes> => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
};

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(NODE, left, right);

/** SHA-256(0x00 || canonical JSON): the leaf of an event (RFC 9162 §2.1.1). @param canonical RFC 8785 JSON */
export const leafHashOf = async (canonical: string): Promise<string> =>
  toHex(await sha256(LEAF, new TextEncoder().encode(canonical)));

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

export interface InclusionClaim {
  /** Hexadecimal, as every hash here. */
  readonly leafHash: string;
  readonly index: number;
  readonly size: number;
  readonly root: string;
  readonly proof: readonly string[];
}

/** Whether the proof shows that the leaf is in the tree with that root: RFC 9162 §2.1.3.2. */
export async function provesInclusion({ leafHash, index, size, root, proof }: InclusionClaim): Promise<boolean> {
  if (index < 0 || index >= size) return false;
  let [node, last] = [index, size - 1];
  let hash = fromHex(leafHash);
  for (const sibling of proof.map(fromHex)) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = await nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && toHex(hash) === root;
}

export interface ConsistencyClaim {
  readonly first: number;
  readonly firstRoot: string;
  readonly second: number;
  readonly secondRoot: string;
  readonly proof: readonly string[];
}

/** Whether the proof shows that the first tree is the beginning of the second: RFC 9162 §2.1.4.2. */
export async function provesConsistency(claim: ConsistencyClaim): Promise<boolean> {
  const { first, firstRoot, second, secondRoot, proof } = claim;
  if (first <= 0 || first > second) return false;
  if (first === second) return proof.length === 0 && firstRoot === secondRoot;
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : proof;
  const [start, ...rest] = path.map(fromHex);
  if (start === undefined || proof.length === 0) return false;
  let [node, last] = [first - 1, second - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [one, two]: [Bytes, Bytes] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      one = await nodeHash(sibling, one);
      two = await nodeHash(sibling, two);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      two = await nodeHash(two, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && toHex(one) === firstRoot && toHex(two) === secondRoot;
}
