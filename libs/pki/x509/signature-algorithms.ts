import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { OID, bitString, nullValue, objectIdentifier, sequence } from '#asn1';

/** An AlgorithmIdentifier that may stand under a certificate, a request, a CRL or an OCSP response. */
export interface SignatureAlgorithm {
  readonly name: string;
  readonly oid: string;
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** What `node:crypto` calls the hash; Ed25519 brings its own. */
  readonly digest: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | null;
}

const row = (
  name: string,
  oid: string,
  keyType: SignatureAlgorithm['keyType'],
  digest: SignatureAlgorithm['digest'],
): SignatureAlgorithm => ({ name, oid, keyType, digest });

/** RFC 3279 §2.2, RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3. Those that are read but not acceptable stand here too, to be named. */
const algorithms: readonly SignatureAlgorithm[] = [
  row('md5WithRSAEncryption', OID.md5WithRsa, 'rsa', 'md5'),
  row('sha1WithRSAEncryption', OID.sha1WithRsa, 'rsa', 'sha1'),
  row('sha256WithRSAEncryption', OID.sha256WithRsa, 'rsa', 'sha256'),
  row('sha384WithRSAEncryption', OID.sha384WithRsa, 'rsa', 'sha384'),
  row('sha512WithRSAEncryption', OID.sha512WithRsa, 'rsa', 'sha512'),
  row('ecdsa-with-SHA1', OID.ecdsaWithSha1, 'ec', 'sha1'),
  row('ecdsa-with-SHA256', OID.ecdsaWithSha256, 'ec', 'sha256'),
  row('ecdsa-with-SHA384', OID.ecdsaWithSha384, 'ec', 'sha384'),
  row('ecdsa-with-SHA512', OID.ecdsaWithSha512, 'ec', 'sha512'),
  row('Ed25519', OID.ed25519, 'ed25519', null),
];

const byOid = new Map(algorithms.map((algorithm) => [algorithm.oid, algorithm]));

export const signatureAlgorithmByOid = (oid: string): SignatureAlgorithm | undefined => byOid.get(oid);

/** RFC 3279 §2.2.1: RSA has NULL parameters; RFC 5758 §3.2 and RFC 8410 §3: the others have none. */
export const encodeSignatureAlgorithm = ({ oid, keyType }: SignatureAlgorithm): Buffer =>
  sequence(objectIdentifier(oid), ...(keyType === 'rsa' ? [nullValue()] : []));

/**
 * The algorithm with which a key of ours signs: SHA-256 for RSA and P-256, SHA-384 for P-384, Ed25519.
 *
 * @throws TypeError for a key of another type, which no certificate authority of ours has
 */
export function signatureAlgorithmFor(key: KeyObject): SignatureAlgorithm {
  const oid = signingOid(key);
  const algorithm = oid === undefined ? undefined : byOid.get(oid);
  if (!algorithm) throw new TypeError(`No certificate is signed with a key of the type ${key.asymmetricKeyType}`);
  return algorithm;
}

function signingOid(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType === 'rsa') return OID.sha256WithRsa;
  if (key.asymmetricKeyType === 'ed25519') return OID.ed25519;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'prime256v1') return OID.ecdsaWithSha256;
  return curve === 'secp384r1' ? OID.ecdsaWithSha384 : undefined;
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
