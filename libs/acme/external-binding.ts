import type { KeyObject } from 'node:crypto';

import { canonicalJson } from '#core';
import { type Jwk, algorithm } from '#crypto';

import { acmeErrors } from './errors.js';
import { type FlattenedJws, parseFlattenedJws, payloadOf, textIn } from './jws.js';

/** The MAC algorithms of bindings; RFC 8555 §7.3.4 asks for one with a shared secret. */
const MAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

/** An external account binding as it was sent. */
export interface SentBinding {
  /** Id of the binding. */
  readonly kid: string;
  readonly jws: FlattenedJws;
}

/**
 * Reads `externalAccountBinding` of a new account (RFC 8555 §7.3.4), all but its MAC.
 * @param url of the request around it, @param jwk the key of the request around it
 * @throws ACME_MALFORMED
 */
export function readBinding(value: unknown, url: string, jwk: Jwk): SentBinding {
  const jws = parseFlattenedJws(value);
  const kid = textIn(jws.header, 'kid');
  if (Object.hasOwn(jws.header, 'nonce')) throw wrong('has no nonce');
  if (textIn(jws.header, 'url') !== url) throw wrong('has the URL of the request around it');
  const payload = payloadOf(jws);
  if (payload === undefined || canonicalJson(payload) !== canonicalJson(jwk as typeof payload)) {
    throw wrong('is over the key of the account');
  }
  return { kid, jws };
}

const wrong = (rule: string): Error => acmeErrors.ACME_MALFORMED(`An external account binding ${rule}`);

/** Whether the binding has the MAC of this key. */
export async function hasMac({ jws }: SentBinding, key: KeyObject): Promise<boolean> {
  const name = MAC_ALGORITHMS.find((each) => each === jws.header['alg']);
  return name !== undefined && algorithm(name).verify(jws.signingInput, jws.signature, key);
}
