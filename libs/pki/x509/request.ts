import type { KeyObject } from 'node:crypto';

import { element, integer, sequence } from '#asn1';
import { kindOfKey, publicKeyToBytes } from '#crypto';

import { type DistinguishedName, encodeName } from './names.js';
import { signStructure } from './signature-algorithms.js';

/** Whether certificates and requests can be signed with keys of this kind. */
export const canSignRequests = (key: KeyObject): boolean =>
  key.type === 'private' && kindOfKey(key)?.certificateSignatureOf(key) !== undefined;

/** A PKCS#10 request (RFC 2986 §4) for the key, without attributes. @returns DER */
export const signCertificateRequest = (subject: DistinguishedName, key: KeyObject): Promise<Buffer> =>
  signStructure(sequence(integer(0), encodeName(subject), publicKeyToBytes(key), element(0xa0)), key);
