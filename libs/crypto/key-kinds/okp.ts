import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPair, sign, verify } from 'node:crypto';
import { DerError, OID, parseBer, readOctets } from '#asn1';
import { type AlgorithmRow, generatePair } from '../algorithm.js';
import { decodeBase64Url, toBigInt } from '../encodings.js';
import { cryptoErrors } from '../errors.js';
import { keyFileErrors } from './errors.js';
import type { Jwk, KeyKind, PublicKeyFacts, PublicKeyFields, UncheckedKey } from './key-kind.js';

const BYTES = 32;
/** The prefix of the 32 key bytes in PKCS#8 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** EdDSA on Ed25519 (RFC 8037 §3.1). */
export function ed25519Algorithm(): AlgorithmRow & { readonly kind: 'okp' } {
  const fits = (key: KeyObject): boolean => key.asymmetricKeyType === 'ed25519';
  return {
    kind: 'okp',
    symmetric: false,
    title: 'EdDSA on Ed25519',
    reference: 'RFC 8037 §3.1',
    // RFC 9864 §2.2: the name that replaces `EdDSA`.
    aliases: ['Ed25519'],
    scheme: { type: 'eddsa', hash: null },
    mistakes: [],
    generate: () => generatePair((done) => generateKeyPair('ed25519', undefined, done)),
    sign: (data, key) => sign(null, data, key),
    verify: (data, signature, key) => verify(null, data, key, signature),
    signatureMilliseconds: () => 0,
    generationMilliseconds: () => 0,
    fits,
    accepts: fits,
  };
}

const ed25519Key = (seed: Buffer, stated: Buffer | undefined): UncheckedKey => ({
  kind: 'okp',
  check() {
    if (seed.length !== BYTES) throw cryptoErrors.INVALID_KEY('An Ed25519 private key has 32 bytes');
    const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    const own = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-BYTES);
    if (stated && !stated.equals(own)) {
      throw keyFileErrors.INCONSISTENT_KEY('The public half that the file states is not that of its private key');
    }
    return key;
  },
});

/** The other curves of RFC 8037 §3, of which two only agree on keys. */
const FOREIGN_CURVES = ['Ed448', 'X25519', 'X448'];

function readJwk(jwk: Jwk): UncheckedKey {
  if (jwk['crv'] !== 'Ed25519') {
    const foreign = FOREIGN_CURVES.find((name) => name === jwk['crv']);
    throw cryptoErrors.INVALID_KEY(`The curve is not Ed25519${foreign === undefined ? '' : `, but ${foreign}`}`);
  }
  return ed25519Key(decodeBase64Url(jwk['d']), decodeBase64Url(jwk['x']));
}

/** RFC 8410 §4. */
function readPublicKey({ parameters, bits }: PublicKeyFields): PublicKeyFacts {
  parameters.end();
  if (bits.length !== BYTES) throw new DerError('An Ed25519 key has 32 bytes');
  return {
    kind: 'okp',
    name: 'Ed25519',
    encrypts: false,
    objections: () => [],
    jwk: () => (isSound(bits) ? { kty: 'OKP', crv: 'Ed25519', x: bits.toString('base64url') } : undefined),
  };
}

const FIELD_25519 = (1n << 255n) - 19n;
/** The y coordinates of the eight points whose order divides 8. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_25519 - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** With a key of small order any party can sign, and OpenSSL accepts it; RFC 8032 §5.1.3 also wants y below the field's size. */
function isSound(point: Buffer): boolean {
  const y = BigInt.asUintN(255, toBigInt(Buffer.from(point).reverse()));
  return y < FIELD_25519 && !SMALL_ORDER.has(y);
}

export const okp = {
  kty: 'OKP',
  thumbprintMembers: ['crv', 'kty', 'x'],
  privateMembers: ['d'],
  symmetric: false,
  keyTypes: ['ed25519'],
  probeDigest: null,
  readJwk,
  pkcs8: {
    identifiers: [OID.ed25519],
    read: ({ privateKey, publicKey }) => ed25519Key(readOctets(parseBer(privateKey)), publicKey),
  },
  publicKey: { names: ['Ed25519'], identifiers: [OID.ed25519], read: readPublicKey },
  publicKeyRules: [],
  objectionsTo: ({ x }) =>
    isSound(decodeBase64Url(x)) ? [] : [{ code: 'POINT_OF_SMALL_ORDER', detail: 'The public key has a small order' }],
  // RFC 8410 §3
  certificateSignatures: [
    { name: 'Ed25519', oid: OID.ed25519, digest: null, parameters: 'absent', algorithm: 'EdDSA' },
  ],
  certificateSignatureOf: () => OID.ed25519,
  authorityKeys: {},
  holderAlgorithms: ['EdDSA'],
  ofTrustedIssuers: true,
} as const satisfies KeyKind;
