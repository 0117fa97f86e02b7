import {
  DerFields,
  type DerNode,
  onlyChild,
  readBitString,
  readInteger,
  readObjectIdentifier,
  readOctets,
} from '#asn1';
import { type UncheckedKey, allKeyKinds, cryptoErrors } from '#crypto';
import { foreignAlgorithm } from './foreign-keys.js';

/** `publicKey [1] IMPLICIT BIT STRING` of RFC 5958 §2; some makers, such as ring before 0.17, tag it explicitly. */
const PUBLIC_KEY_TAG = 0x81;
const EXPLICIT_PUBLIC_KEY_TAG = 0xa1;

/** `PrivateKeyInfo` of PKCS#8, or `OneAsymmetricKey` (RFC 5958 §2). @throws INVALID_KEY; DerError */
export function readPkcs8(node: DerNode): UncheckedKey {
  const fields = DerFields.of(node);
  if (readInteger(fields.take()) > 1n) throw cryptoErrors.INVALID_KEY('It is not a PKCS#8 private key');
  const parameters = DerFields.of(fields.take());
  const identifier = readObjectIdentifier(parameters.take());
  const privateKey = readOctets(fields.take());
  fields.optional(0xa0);
  const implicit = fields.optional(PUBLIC_KEY_TAG);
  const explicit = fields.optional(EXPLICIT_PUBLIC_KEY_TAG);
  fields.end();
  const publicKey = implicit ? readBitString(implicit, PUBLIC_KEY_TAG) : explicit && readBitString(onlyChild(explicit));
  const kind = allKeyKinds.find(({ pkcs8 }) => pkcs8?.identifiers.includes(identifier));
  if (!kind?.pkcs8) throw foreignAlgorithm(identifier);
  return kind.pkcs8.read({ node, identifier, parameters, privateKey, publicKey });
}
