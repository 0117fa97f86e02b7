import { type KeyObject, createPublicKey, hash } from 'node:crypto';
import { DerFields, type DerNode, parseDer, readBitString, readObjectIdentifier } from '#asn1';
import { type PublicKeyFacts, allKeyKinds } from '#crypto';

/** The keys that a certificate may have: `RSA, P-256, P-384 or Ed25519`. */
export const certifiedKeys = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  allKeyKinds.flatMap(({ publicKey }) => publicKey?.names ?? []),
);

/** What a SubjectPublicKeyInfo holds, before anything is decided. @throws DerError where it is none */
export function readPublicKey(node: DerNode): PublicKeyFacts {
  const fields = DerFields.of(node);
  const parameters = DerFields.of(fields.take());
  const bits = readBitString(fields.take());
  fields.end();
  const identifier = readObjectIdentifier(parameters.take());
  const kind = allKeyKinds.find(({ publicKey }) => publicKey?.identifiers.includes(identifier));
  if (kind?.publicKey) return kind.publicKey.read({ identifier, parameters, bits });
  const name = `key algorithm ${identifier}`;
  return { kind: 'unsupported', name, encrypts: false, objections: () => [], jwk: () => undefined };
}

/**
 * The key that verifies; `undefined` where it is unsupported, is not a point of its curve, or would cost too much. By JWK:
 * OpenSSL takes a tenth of the time that it needs for DER.
 */
export function importPublicKey(facts: PublicKeyFacts): KeyObject | undefined {
  const jwk = facts.jwk();
  if (!jwk) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Method 1 of RFC 5280 §4.2.1.2: SHA-1 of the key's bits. An identifier, not a promise of integrity. */
export const keyIdentifier = (publicKeyInfo: Buffer): Buffer => hash('sha1', publicKeyBits(publicKeyInfo), 'buffer');

/** The content of the subjectPublicKey bit string, which key identifiers and OCSP hash. @throws DerError */
export function publicKeyBits(publicKeyInfo: Buffer): Buffer {
  const fields = DerFields.of(parseDer(publicKeyInfo));
  fields.take();
  return readBitString(fields.take());
}
