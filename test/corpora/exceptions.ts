import type { Exception } from './corpus.ts';

const PRIVATE_KEYS = 'private keys of cryptography-vectors';
const KEY_STORES = 'PKCS#12 of cryptography-vectors';
const REQUESTS = 'requests of cryptography-vectors';
const AUTHORITIES = 'authorities of cryptography-vectors';
const ZLINT = 'authorities of zlint';
const JOSE = 'JOSE of Wycheproof';

const refuse = (corpus: string, cases: RegExp, reason: string): Exception => ({
  corpus,
  expected: 'accepted',
  cases,
  reason,
});
const accept = (corpus: string, cases: RegExp, reason: string): Exception => ({
  corpus,
  expected: 'refused',
  cases,
  reason,
});

/** Where this product rightly differs from the other program, or from what the corpus says. */
export const exceptions: readonly Exception[] = [
  refuse(PRIVATE_KEYS, /The curve is explicit/, 'an explicit curve can be almost the right one (CVE-2020-0601)'),
  refuse(PRIVATE_KEYS, /names no curve, or two of them/, 'two curves in one file contradict each other'),
  refuse(PRIVATE_KEYS, /not in the range of its curve/, 'a private number beyond the order of its curve'),
  refuse(PRIVATE_KEYS, /WEAK_KEY/, 'weak keys are refused, which OpenSSL leaves to its callers'),
  refuse(PRIVATE_KEYS, /not made of whole octets/, 'a public half of a broken number of octets'),
  refuse(PRIVATE_KEYS, /none of PS256, PS384 and PS512/, 'RSASSA-PSS parameters that no algorithm of JOSE has'),
  refuse(PRIVATE_KEYS, /invalid-version|wrong-version/, 'a version that no standard has'),
  refuse(PRIVATE_KEYS, /wrong-pem-delimiter/, 'PKCS#1 under the label of PKCS#8'),
  accept(PRIVATE_KEYS, /rsa-40bitrc2/, 'RC2, which OpenSSL offers no longer, is read by node-forge'),

  refuse(KEY_STORES, /not supported: DSA/, 'no algorithm of JOSE signs with DSA'),

  refuse(
    REQUESTS,
    /sha1With|1\.2\.840\.113549\.1\.1\.3,/,
    'signatures with SHA-1 and MD4 prove nothing (RFC 6151, RFC 9155)',
  ),
  refuse(REQUESTS, /1\.2\.840\.10040\.4/, 'DSA keys are not certified'),

  refuse(AUTHORITIES, /badasn1time/, 'a time in another form than that of RFC 5280 §4.1.2.5'),
  refuse(AUTHORITIES, /invalid_version/, 'extensions need version 3 (RFC 5280 §4.1.2.1)'),
  refuse(AUTHORITIES, /negative_serial/, 'serial numbers are positive (RFC 5280 §4.1.2.2)'),
  refuse(AUTHORITIES, /BadSignedCACert/, 'a signature of a broken number of octets'),

  refuse(ZLINT, /Not a certificate of version 3/, 'extensions need version 3 (RFC 5280 §4.1.2.1)'),
  refuse(ZLINT, /serial number is not negative/, 'serial numbers are positive (RFC 5280 §4.1.2.2)'),
  refuse(ZLINT, /Not an IA5String/, 'octets above 127 in an IA5String have no meaning'),
  refuse(ZLINT, /No names or too many/, 'an extension of alternative names without one (RFC 5280 §4.2.1.6)'),

  refuse(JOSE, /emptyPayload/, 'the payload of a JWT is a JSON object (RFC 7519 §7.2)'),
  refuse(JOSE, /rfc7520/, 'a JWK with an alg is for that algorithm only (RFC 7517 §4.4)'),
  refuse(
    JOSE,
    /InvalidCharacterInserted/,
    'characters outside of base64url are refused (RFC 7515 §2), whatever decoders skip',
  ),
  accept(JOSE, /invalidBase64Padding/, 'the vector is the right token of its group; its mistake is no longer in it'),
  accept(
    JOSE,
    /mixedSymmetryKeyset|duplicate_kid/,
    'tokens are verified with the key of a profile, never with a set that somebody sent',
  ),
];
