import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';

import { SECOND } from '#core';

import { type DestinationPolicy, hostOf, isReachable, reachable } from './destination.js';

/** Why an attempt got no answer. */
export type DeliveryError =
  'ADDRESS_NOT_ALLOWED' | 'NAME_NOT_FOUND' | 'CERTIFICATE_REJECTED' | 'TIMED_OUT' | 'CONNECTION_FAILED';

/** What became of one attempt: the status of the answer, or why there is none. */
export type Attempt = { readonly status: number } | { readonly error: DeliveryError };

/** How long an attempt may take, from the look-up of the name to the head of the answer. */
const ANSWER_WITHIN = 10 * SECOND;

type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
}

/**
 * Resolves a name for a connection that is made right away, and gives only addresses that may be reached: a name that
 * was public when somebody looked at it and is private now leads to no connection.
 */
export const guardedLookup =
  (policy: DestinationPolicy, resolve: Resolve = lookup): LookupFunction =>
  (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const [first, ...others] = reachable(found, policy);
      if (!first) return callback(new AddressNotAllowed(), []);
      if (options.all) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });
  };

/**
 * Sends one message. Redirects are not followed, the body of the answer is not read, and the connection ends with it.
 * @param url has passed `requireDestination`; the policy can have changed since
 */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  policy: DestinationPolicy,
): Promise<Attempt> {
  const target = new URL(url);
  const isPlain = target.protocol === 'http:';
  // A host that is an address is connected to without a look-up.
  const host = hostOf(target);
  if ((isPlain && !policy.plainHttp) || (isIP(host) !== 0 && !isReachable(host, policy))) {
    return Promise.resolve({ error: 'ADDRESS_NOT_ALLOWED' });
  }
  return new Promise((resolve) => {
    const request = (isPlain ? plainRequest : tlsRequest)(target, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'Chancery' },
      agent: false,
      lookup: guardedLookup(policy),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    request.once('response', (answer) => {
      answer.destroy();
      resolve({ status: answer.statusCode ?? 0 });
    });
    request.on('error', (error) => resolve({ error: meaningOf(error) }));
    request.end(body);
  });
}

const NAME_ERRORS: readonly unknown[] = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'];
const CERTIFICATE_ERROR = /CERT|^UNABLE_TO_|^DEPTH_ZERO|^SELF_SIGNED|^ERR_TLS/;

function meaningOf(error: Error): DeliveryError {
  if (error instanceof AddressNotAllowed) return 'ADDRESS_NOT_ALLOWED';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'TIMED_OUT';
  const { code } = error as NodeJS.ErrnoException;
  if (NAME_ERRORS.includes(code)) return 'NAME_NOT_FOUND';
  return CERTIFICATE_ERROR.test(code ?? '') ? 'CERTIFICATE_REJECTED' : 'CONNECTION_FAILED';
}
