import { OID, element, integer, objectIdentifier, sequence, set } from '#asn1';
import { type SigningHalf, describedBy, kindOfKey, publicKeyToBytes } from '#crypto';

import { writeExtension } from './extensions.js';
import { type DistinguishedName, encodeName } from './names.js';
import type { CertificateProfile } from './profile.js';
import { keyIdentifier } from './public-key.js';
import { signStructure } from './signature-algorithms.js';

/** Whether certificates and requests can be signed with keys of this kind. */
export const canSignRequests = (half: SigningHalf): boolean => {
  const key = describedBy(half);
  return key.type !== 'secret' && kindOfKey(key)?.certificateSignatureOf(key) !== undefined;
};

/**
 * A PKCS#10 request (RFC 2986 §4) for the key.
 * @param extensions those that the certificate is to have, encoded (RFC 2985 §5.4.2); without them the request has no attributes
 * @returns DER
 */
export const signCertificateRequest = (
  subject: DistinguishedName,
  key: SigningHalf,
  extensions: readonly Buffer[] = [],
): Promise<Buffer> => {
  const attributes =
    extensions.length === 0 ? [] : [sequence(objectIdentifier(OID.extensionRequest), set(sequence(...extensions)))];
  const info = [encodeName(subject), publicKeyToBytes(describedBy(key)), element(0xa0, ...attributes)];
  return signStructure(sequence(integer(0), ...info), key);
};

/** What the certificate of an authority must have, for its request to an issuer elsewhere. */
export const authorityRequestExtensions = (profile: CertificateProfile, key: SigningHalf): Buffer[] => [
  writeExtension.basicConstraints(profile.basicConstraints),
  writeExtension.keyUsage(profile.keyUsage),
  writeExtension.subjectKeyIdentifier(keyIdentifier(publicKeyToBytes(describedBy(key)))),
  ...(profile.nameConstraints ? [writeExtension.nameConstraints(profile.nameConstraints)] : []),
];
