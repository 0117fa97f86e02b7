import {
  type JsonWebKey,
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { OID } from '#asn1';
import { type AlgorithmRow, generatePair, isSameKey } from '../algorithm.js';
import { cryptoErrors } from '../errors.js';
import { keyFileErrors } from './errors.js';
import type { Jwk, KeyKind, UncheckedKey } from './key-kind.js';

const signPooled = promisify(sign);
const verifyPooled = promisify(verify);

/** ML-DSA (FIPS 204). */
export function mlDsaAlgorithm(parameterSet: 44 | 65 | 87): AlgorithmRow & { readonly kind: 'akp' } {
  const type = `ml-dsa-${parameterSet}` as const;
  const fits = (key: KeyObject): boolean => key.asymmetricKeyType === type;
  return {
    kind: 'akp',
    symmetric: false,
    title: `ML-DSA-${parameterSet}`,
    reference: 'FIPS 204, draft-ietf-cose-dilithium',
    aliases: [],
    scheme: undefined,
    mistakes: [],
    generate: () => generatePair((done) => generateKeyPair(type, undefined, done)),
    sign: (data, key) => signPooled(null, data, key),
    verify: (data, signature, key) => verifyPooled(null, data, key, signature),
    signatureMilliseconds: () => 1,
    generationMilliseconds: () => 1,
    fits,
    accepts: fits,
  };
}

function readByOpenssl(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    // OpenSSL's own messages may quote what it read.
    throw cryptoErrors.INVALID_KEY('It is not an ML-DSA private key');
  }
}

/** OpenSSL itself expands the seed; a public half that is stated is compared with the one that it derives. */
const mlDsaKey = (key: KeyObject, isStated: (own: KeyObject) => boolean): UncheckedKey => ({
  kind: 'akp',
  check() {
    if (!isStated(createPublicKey(key))) {
      throw keyFileErrors.INCONSISTENT_KEY('The public half that the file states is not that of its private key');
    }
    return key;
  },
});

function readJwk(jwk: Jwk): UncheckedKey {
  // Read apart: from a private JWK OpenSSL derives the public half and ignores the one that is stated.
  const stated = readByOpenssl(() =>
    createPublicKey({ key: { ...jwk, priv: undefined } as JsonWebKey, format: 'jwk' }),
  );
  return mlDsaKey(
    readByOpenssl(() => createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })),
    (own) => isSameKey(own, stated),
  );
}

export const akp = {
  kty: 'AKP',
  thumbprintMembers: ['alg', 'kty', 'pub'],
  privateMembers: ['priv'],
  symmetric: false,
  keyTypes: ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'],
  probeDigest: null,
  readJwk,
  pkcs8: {
    identifiers: [OID.mlDsa44, OID.mlDsa65, OID.mlDsa87],
    read: ({ node, publicKey }) =>
      mlDsaKey(
        readByOpenssl(() => createPrivateKey({ key: node.raw, format: 'der', type: 'pkcs8' })),
        (own) =>
          !publicKey || own.export({ type: 'spki', format: 'der' }).subarray(-publicKey.length).equals(publicKey),
      ),
  },
  publicKeyRules: [],
  objectionsTo: () => [],
  certificateSignatures: [],
  certificateSignatureOf: () => undefined,
  authorityKeys: {},
  holderAlgorithms: [],
  ofTrustedIssuers: false,
} as const satisfies KeyKind;
