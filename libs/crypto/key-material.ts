import { type KeyObject, createPrivateKey, createPublicKey, createSecretKey, hash } from 'node:crypto';
import type { AlgorithmKind } from './key-kinds/index.js';
import { cryptoErrors } from './errors.js';

/** PKCS#8 DER (RFC 5958) of a private key, or the bytes of a shared secret: what is sealed and stored. */
export function privateKeyToBytes(key: KeyObject): Buffer {
  if (key.type === 'public') throw cryptoErrors.KEY_DOES_NOT_FIT('A public key has no private bytes');
  return key.type === 'secret' ? key.export() : key.export({ type: 'pkcs8', format: 'der' });
}

/**
 * The inverse of `privateKeyToBytes`; `kind` tells a shared secret from PKCS#8. Whether the key is one for an algorithm
 * is asked of `Algorithm.fits`.
 *
 * @throws INVALID_KEY where the bytes are no key of any kind, without saying what they were
 */
export function keyObjectFromBytes(kind: AlgorithmKind, bytes: Buffer): KeyObject {
  return readable(() =>
    kind === 'hmac' ? createSecretKey(bytes) : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }),
  );
}

/** SubjectPublicKeyInfo DER (RFC 5280 §4.1) of a public key or of the public half of a private one. */
export function publicKeyToBytes(key: KeyObject): Buffer {
  if (key.type === 'secret') throw cryptoErrors.KEY_DOES_NOT_FIT('A shared secret has no public key');
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
}

/** The inverse of `publicKeyToBytes`. @throws INVALID_KEY */
export function publicKeyFromBytes(bytes: Buffer): KeyObject {
  return readable(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' }));
}

/** SHA-256 of the SubjectPublicKeyInfo in hex: by it a key is found again, in whatever form it comes. */
export const publicKeyFingerprint = (publicKeyInfo: Buffer): string => hash('sha256', publicKeyInfo, 'hex');

/** OpenSSL's own messages may quote what it read, so they are not passed on. */
function readable(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw cryptoErrors.INVALID_KEY('The bytes are not a key of this kind');
  }
}
