import { cryptoErrors } from './errors.js';

/** Standard Base64 (RFC 4648 §4) with its padding and nothing else: one text for the bytes. @throws INVALID_KEY */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== text) throw cryptoErrors.INVALID_KEY('It is not Base64');
  return bytes;
}

/** Base64 with line breaks and blanks between its characters, as PEM and XML have it. @throws INVALID_KEY */
export const decodeWrappedBase64 = (text: string): Buffer => decodeBase64(text.replaceAll(/[ \t\r\n]/g, ''));

/** Base64url without padding (RFC 7515 §2). @throws INVALID_KEY */
export function decodeBase64Url(text: unknown): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.toString('base64url') !== text) {
    throw cryptoErrors.INVALID_KEY('A member of the key is not base64url');
  }
  return bytes;
}

/** An unsigned number, most significant byte first. */
export const toBigInt = (bytes: Buffer): bigint => (bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`));

/** The inverse of `toBigInt`, left-padded to `length` bytes; as short as possible without one. */
export function fromBigInt(number: bigint, length = 0): Buffer {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(Math.max(length * 2, hex.length + (hex.length % 2)), '0'), 'hex');
}
