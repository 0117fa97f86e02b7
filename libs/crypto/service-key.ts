import { type KeyObject, createHash, createHmac } from 'node:crypto';

import { prefixedSecret } from './prefixed-secret.js';

const serviceKeys = prefixedSecret('csk_');

/** A new service key: `csk_`, 256 random bits in base 62, and a CRC-32 over both. */
export const generateServiceKey = serviceKeys.generate;

/** Whether the text can be a service key at all, see `PrefixedSecret.isWellFormed`. */
export const isWellFormedServiceKey = serviceKeys.isWellFormed;

/** Below this length the last four characters would give away too much of a secret. */
const MASK_TAIL_FROM_LENGTH = 24;

/** What a list shows of a secret: `csk_••••••••ab12`. Of a short one, nothing; its length is never shown. */
export function maskSecret(text: string): string {
  if (text.length < MASK_TAIL_FROM_LENGTH) return '••••••••';
  const prefix = /^[a-z]{2,8}_/.exec(text)?.[0] ?? '';
  return `${prefix}••••••••${text.slice(-4)}`;
}

/**
 * The HMAC-SHA256 (hex) by which a secret is found. The pepper is kept outside the table, so that a party that can write the
 * table still cannot plant a key.
 */
export const lookupHash = (pepper: KeyObject, text: string): string =>
  createHmac('sha256', pepper).update(text).digest('hex');

/**
 * 16 hex digits by which two people compare a secret without showing it. Unkeyed it suits secrets of full entropy
 * (256 random bits) only; for a secret that a person chose, pass a pepper, or it can be guessed offline.
 */
export function fingerprint(secretBytes: Buffer, pepper?: KeyObject): string {
  const hash = pepper === undefined ? createHash('sha256') : createHmac('sha256', pepper);
  return hash.update('fingerprint').update(secretBytes).digest('hex').slice(0, 16);
}
