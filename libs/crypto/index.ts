export {
  type GeneratedKey,
  RSA_MODULUS_BITS,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  type SignatureScheme,
  isSameKey,
} from './algorithm.js';
export {
  type Algorithm,
  type AlgorithmName,
  algorithm,
  algorithmNames,
  algorithms,
  isAlgorithmName,
  signatureMilliseconds,
  verifyingKeyOf,
} from './algorithms.js';
export {
  type CompactJws,
  type JwsRefusalReason,
  KID_PATTERN,
  base64UrlBytes,
  encodeCompactJws,
  encodeJwsHeader,
  parseCompactJws,
} from './compact-jws.js';
export { CpuQueue, cpuWorkKinds, keyFileWork } from './cpu-queue.js';
export { derSignatureOf, joseSignatureOf } from './ecdsa-signature.js';
export { decodeWrappedBase64, fromBigInt, toBigInt } from './encodings.js';
export { cryptoErrors } from './errors.js';
export { type CheckedKey, checkKey, readJwk, readTrustedKey } from './key-gate.js';
export { keyFileErrors } from './key-kinds/errors.js';
export { sharedSecret } from './key-kinds/hmac.js';
export {
  type AlgorithmKind,
  type AuthorityKeyAlgorithm,
  allKeyKinds,
  keyKindNames,
  keyKinds,
  kindOfKey,
} from './key-kinds/index.js';
export type {
  AuthorityKeyRow,
  CertificateSignature,
  Jwk,
  PublicKeyFacts,
  SecretEncoding,
  UncheckedKey,
} from './key-kinds/key-kind.js';
export { rsaKey, rsaNumbersOf } from './key-kinds/rsa.js';
export { type RsaNumbers, bitLength } from './key-kinds/rsa-numbers.js';
export type { Signed } from './signature-mistake.js';
export { type PublicJwk, hasPrivateMembers, jwkThumbprint, keyFromJwk, publicJwk } from './jwk.js';
export {
  keyObjectFromBytes,
  privateKeyToBytes,
  publicKeyFingerprint,
  publicKeyFromBytes,
  publicKeyToBytes,
} from './key-material.js';
export { isNumericDate, secondsOf } from './numeric-date.js';
export {
  PASSWORD_PARAMETERS,
  PasswordHasher,
  type PasswordParameters,
  normalizePassword,
  passwordErrors,
} from './password.js';
export { randomNonce, randomSalt, randomSecret, uuidv4, uuidv7, uuidv7Series } from './random.js';
export {
  type DataKey,
  type KeyEncryptionKey,
  type SealingContext,
  blobKeyVersion,
  localKeyEncryptionKey,
  openBlob,
  parseMasterKey,
  sealBlob,
  sealingErrors,
} from './sealing.js';
export { type PrefixedSecret, prefixedSecret } from './prefixed-secret.js';
export { fingerprint, generateServiceKey, isWellFormedServiceKey, lookupHash, maskSecret } from './service-key.js';
export { type Parsed, parseStrictJson, refusal } from './strict-json.js';
export { type SigningHalf, StoredKey, describedBy } from './stored-key.js';
