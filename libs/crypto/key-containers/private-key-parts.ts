import type { KeyObject } from 'node:crypto';
import type { CURVES } from '../algorithms.js';
import type { RsaNumbers } from './rsa-checks.js';

export type CurveName = (typeof CURVES)[keyof typeof CURVES]['namedCurve'];

/** What a key file says, taken apart and not yet believed. */
export type PrivateKeyParts =
  | { readonly kind: 'rsa'; readonly numbers: RsaNumbers }
  | {
      readonly kind: 'ec';
      readonly curve: CurveName;
      readonly scalar: Buffer;
      /** The public half as the file states it: SEC 1 §2.3.3, compressed or not. */
      readonly point: Buffer | undefined;
    }
  | { readonly kind: 'okp'; readonly seed: Buffer; readonly publicKey: Buffer | undefined }
  /** ML-DSA: OpenSSL itself expands the seed and compares. */
  | { readonly kind: 'akp'; readonly key: KeyObject }
  | { readonly kind: 'hmac'; readonly bytes: Buffer; readonly encoding: SecretEncoding };

/** How a shared secret was written down. */
export type SecretEncoding = 'text' | 'base64';
