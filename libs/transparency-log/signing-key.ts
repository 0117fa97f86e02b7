import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto';

import type { CheckpointSigner } from './checkpoint.js';
import { type SignatureType, verifierKey } from './note.js';

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
