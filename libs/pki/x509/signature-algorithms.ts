import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { bitString, nullValue, objectIdentifier, sequence } from '#asn1';
import {
  type AlgorithmName,
  type CertificateSignature,
  type SigningHalf,
  StoredKey,
  derSignatureOf,
  describedBy,
  keyKindNames,
  keyKinds,
  kindOfKey,
  signatureMilliseconds,
} from '#crypto';

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
export function signatureAlgorithmFor(half: SigningHalf): SignatureAlgorithm {
  const key = describedBy(half);
  const oid = kindOfKey(key)?.certificateSignatureOf(key);
  const algorithm = oid === undefined ? undefined : byOid.get(oid);
  if (!algorithm) throw new TypeError(`No certificate is signed with a key of the type ${key.asymmetricKeyType}`);
  return algorithm;
}

const signPooled = promisify(sign);

async function storeSignature(algorithm: SignatureAlgorithm, toBeSigned: Buffer, key: StoredKey): Promise<Buffer> {
  const signature = await key.sign(algorithm.algorithm as AlgorithmName, toBeSigned);
  return algorithm.keyKind === 'ec' ? derSignatureOf(signature) : signature;
}

/** SIGNED{} of X.509: what is signed, the algorithm, the signature. Signatures that take long are made on a thread of the pool. */
export async function signStructure(
  toBeSigned: Buffer,
  key: SigningHalf,
  ...unsigned: readonly Buffer[]
): Promise<Buffer> {
  const algorithm = signatureAlgorithmFor(key);
  const signature =
    key instanceof StoredKey
      ? await storeSignature(algorithm, toBeSigned, key)
      : await processSignature(algorithm, toBeSigned, key);
  return sequence(toBeSigned, encodeSignatureAlgorithm(algorithm), bitString(signature), ...unsigned);
}

async function processSignature(algorithm: SignatureAlgorithm, toBeSigned: Buffer, key: KeyObject): Promise<Buffer> {
  return signatureMilliseconds(key) === 0
    ? sign(algorithm.digest, toBeSigned, key)
    : signPooled(algorithm.digest, toBeSigned, key);
}
