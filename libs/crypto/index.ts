export {
  type Algorithm,
  type AlgorithmKind,
  type AlgorithmName,
  type GeneratedKey,
  RSA_MODULUS_BITS,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  algorithm,
  algorithmNames,
  algorithms,
  isAlgorithmName,
  isConsistentPair,
  signatureMilliseconds,
  verifyingKeyOf,
} from './algorithms.js';
export {
  type CompactJws,
  JWS_LIMITS,
  type JwsHeader,
  type JwsLimits,
  type JwsRefusalReason,
  KID_PATTERN,
  encodeCompactJws,
  encodeJwsHeader,
  parseCompactJws,
} from './compact-jws.js';
export { CpuQueue, type CpuWork, type CpuWorkKind } from './cpu-queue.js';
export { cryptoErrors } from './errors.js';
export { keyFileErrors } from './key-containers/errors.js';
export { type CheckedKey, checkKey, checkParts } from './key-containers/key-checks.js';
export { readJwk } from './key-containers/json-web-key.js';
export { isSoundEd25519Point, readTrustedKey } from './key-containers/public-key-gate.js';
export type { CurveName, PrivateKeyParts, SecretEncoding } from './key-containers/private-key-parts.js';
export { RSA_NUMBER_NAMES, type RsaNumbers, bitLength, checkRsaPublicNumbers } from './key-containers/rsa-checks.js';
export {
  decodeBase64,
  decodeBase64Url,
  decodeWrappedBase64,
  fromBigInt,
  toBigInt,
} from './key-containers/text-encodings.js';
export { type Jwk, type PublicJwk, jwkThumbprint, keyFromJwk, publicJwk } from './jwk.js';
export {
  keyObjectFromBytes,
  privateKeyToBytes,
  publicKeyFingerprint,
  publicKeyFromBytes,
  publicKeyToBytes,
} from './key-material.js';
export {
  PASSWORD_PARAMETERS,
  PasswordHasher,
  type PasswordHasherOptions,
  type PasswordParameters,
  hashPassword,
  needsRehash,
  normalizePassword,
  passwordErrors,
  verifyPassword,
} from './password.js';
export { randomSecret, uuidv4, uuidv7 } from './random.js';
export { hasClosePrimes, hasRocaFingerprint, smallFactor } from './rsa-weakness.js';
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
export {
  encodeBase62,
  fingerprint,
  generateServiceKey,
  isWellFormedServiceKey,
  lookupHash,
  maskSecret,
} from './service-key.js';
export {
  JSON_LIMITS,
  type JsonLimits,
  type JsonObject,
  type JsonRefusalReason,
  type Parsed,
  type Refusal,
  parseStrictJson,
} from './strict-json.js';
