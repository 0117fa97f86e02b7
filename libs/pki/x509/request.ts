import { element, integer, sequence } from '#asn1';
import { type SigningHalf, describedBy, kindOfKey, publicKeyToBytes } from '#crypto';

import { type DistinguishedName, encodeName } from './names.js';
import { signStructure } from './signature-algorithms.js';

/** Whether certificates and requests can be signed with keys of this kind. */
export const canSignRequests = (half: SigningHalf): boolean => {
  const key = describedBy(half);
  return key.type !== 'secret' && kindOfKey(key)?.certificateSignatureOf(key) !== undefined;
};

/** A PKCS#10 request (RFC 2986 §4) for the key, without attributes. @returns DER */
export const signCertificateRequest = (subject: DistinguishedName, key: SigningHalf): Promise<Buffer> =>
  signStructure(sequence(integer(0), encodeName(subject), publicKeyToBytes(describedBy(key)), element(0xa0)), key);
