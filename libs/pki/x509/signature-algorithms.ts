import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { OID, bitString, nullValue, objectIdentifier, sequence } from '#asn1';
import { type CertificateSignature, keyKindNames, keyKinds, kindOfKey } from '#crypto';

/** An AlgorithmIdentifier under a certificate, a request, a CRL or an OCSP response, and the kind of key that it is for. */
export interface SignatureAlgorithm extends CertificateSignature {
  readonly keyKind: string;
}

const byOid = new Map<string, SignatureAlgorithm>(
  keyKindNames.flatMap((keyKind) =>
    keyKinds[keyKind].certificateSignatures.map((row) => [row.oid, { ...row, keyKind }] as const),
  ),
);

export const signatureAlgorithmByOid = (oid: string): SignatureAlgorithm | undefined => byOid.get(oid);

export const encodeSignatureAlgorithm = ({ oid, parameters }: SignatureAlgorithm): Buffer =>
  sequence(objectIdentifier(oid), ...(parameters === 'null' ? [nullValue()] : []));

/**
 * The algorithm with which a key of ours signs: SHA-256 for RSA and P-256, SHA-384 for P-384, Ed25519.
 *
 * @throws TypeError for a key of another type, which no certificate authority of ours has
 */
export function signatureAlgorithmFor(key: KeyObject): SignatureAlgorithm {
  const oid = kindOfKey(key)?.certificateSignatureOf(key);
  const algorithm = oid === undefined ? undefined : byOid.get(oid);
  if (!algorithm) throw new TypeError(`No certificate is signed with a key of the type ${key.asymmetricKeyType}`);
  return algorithm;
}

const signPooled = promisify(sign);

/** SIGNED{} of X.509: what is signed, the algorithm, the signature. RSA and P-384 sign on a thread of the pool. */
export async function signStructure(
  toBeSigned: Buffer,
  key: KeyObject,
  ...unsigned: readonly Buffer[]
): Promise<Buffer> {
  const algorithm = signatureAlgorithmFor(key);
  const inline = algorithm.oid === OID.ecdsaWithSha256 || algorithm.oid === OID.ed25519;
  const signature = inline
    ? sign(algorithm.digest, toBeSigned, key)
    : await signPooled(algorithm.digest, toBeSigned, key);
  return sequence(toBeSigned, encodeSignatureAlgorithm(algorithm), bitString(signature), ...unsigned);
}
