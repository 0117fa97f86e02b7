import { type KeyObject, createPrivateKey, createPublicKey, sign } from 'node:crypto';

import { type NoteSignature, type SignatureType, type VerifierKey, signedMessage, uint64 } from '#log-verifier';

import { verifierKey } from './verifier.js';

/** A key that signs checkpoints. */
export interface CheckpointSigner {
  readonly key: VerifierKey;
  readonly privateKey: KeyObject;
}

/** A key whose private half is in another place, and signs there. */
export interface DistantSigner {
  readonly key: VerifierKey;
  readonly sign: (message: Buffer) => Promise<Uint8Array>;
}

/** Random bytes that a private key is made from. */
export const SEED_BYTES = 32;

/** What precedes the seed in a PrivateKeyInfo (RFC 8410 §7; RFC 9881 §6, the choice `seed`). */
const PKCS8_PREFIXES = {
  ed25519: '302e020100300506032b657004220420',
  mlDsa44: '3034020100300b060960864801650304031104228020',
} as const;

const privateKey = (type: keyof typeof PKCS8_PREFIXES, seed: Uint8Array): KeyObject => {
  const key = Buffer.concat([Buffer.from(PKCS8_PREFIXES[type], 'hex'), seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
};

/** The signer of checkpoints under a key name, from the seed of its key. @throws Malformed for a name that none can have */
export function checkpointSigner(name: string, type: SignatureType, seed: Uint8Array): CheckpointSigner {
  const key = privateKey(type === 'mlDsa44' ? 'mlDsa44' : 'ed25519', seed);
  const { pub, x } = createPublicKey(key).export({ format: 'jwk' }) as { pub?: string; x?: string };
  return { key: verifierKey(name, type, Buffer.from((pub ?? x)!, 'base64url')), privateKey: key };
}

/** Signs the text of a note. @param timestampSeconds the time that a cosignature states; unused by plain Ed25519 */
export function signNote(text: string, { key, privateKey }: CheckpointSigner, timestampSeconds: number): NoteSignature {
  return lineOf(key, sign(null, signedMessage(text, key, timestampSeconds), privateKey), timestampSeconds);
}

/** The same by a key that is in another place. @throws whatever `sign` throws */
export async function signNoteElsewhere(
  text: string,
  { key, sign: signElsewhere }: DistantSigner,
  timestampSeconds: number,
): Promise<NoteSignature> {
  const signature = await signElsewhere(Buffer.from(signedMessage(text, key, timestampSeconds)));
  return lineOf(key, signature, timestampSeconds);
}

function lineOf({ name, keyId, type }: VerifierKey, signature: Uint8Array, timestampSeconds: number): NoteSignature {
  const stamp = type === 'ed25519' ? [] : [uint64(timestampSeconds)];
  return { name, keyId, signature: Buffer.concat([...stamp, signature]) };
}
