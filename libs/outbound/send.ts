import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';

import { type ConnectionError, connectionErrorOf } from './connection-error.js';
import { type DestinationPolicy, hostOf, isReachable, reachable } from './destination.js';

/** Why a request got no answer. */
export type SendError = ConnectionError | 'ADDRESS_NOT_ALLOWED' | 'ANSWER_TOO_LARGE';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty where no body was asked for. */
  readonly body: Buffer;
}

/** What became of a request: its answer, or why there is none. */
export type Outcome = Answer | { readonly error: SendError };

interface OutboundRequest {
  /** Has passed `requireDestination`; the policy can have changed since. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Bytes of the answer's body that are read; 0: the answer ends with its head. */
  readonly bodyBytesMax: number;
  /** From the look-up of the name to the end of what is read of the answer. */
  readonly withinMilliseconds: number;
}

/** Finds the addresses of a host, as `lookup` of `node:dns` does. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
}

class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
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
 * Sends one request on a connection of its own. Redirects are not followed: one would lead past the policy. Never throws.
 * @param findAddresses how the name of the host is resolved: as the host does, unless said otherwise
 */
export function send(
  request: OutboundRequest,
  policy: DestinationPolicy,
  findAddresses: Resolve = lookup,
): Promise<Outcome> {
  const { url, method, headers, body, bodyBytesMax, withinMilliseconds } = request;
  const target = URL.parse(url);
  // A host such as `n1.a.1`, which was put into the URL, is none that a URL may have (WHATWG URL §3.5).
  if (!target) return Promise.resolve({ error: 'NAME_NOT_FOUND' });
  const isPlain = target.protocol === 'http:';
  // A host that is an address is connected to without a look-up.
  const host = hostOf(target);
  if ((isPlain && !policy.plainHttp) || (isIP(host) !== 0 && !isReachable(host, policy))) {
    return Promise.resolve({ error: 'ADDRESS_NOT_ALLOWED' });
  }
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const outgoing = (isPlain ? plainRequest : tlsRequest)(target, {
      method,
      headers: { ...headers, ...length, 'user-agent': 'Chancery' },
      agent: false,
      lookup: guardedLookup(policy, findAddresses),
      signal: AbortSignal.timeout(withinMilliseconds),
    });
    const fail = (error: Error): void => resolve({ error: meaningOf(error) });
    outgoing.once('response', (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('error', fail);
      if (bodyBytesMax === 0) {
        answer.destroy();
        resolve({ status, headers, body: Buffer.alloc(0) });
        return;
      }
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > bodyBytesMax) answer.destroy(new AnswerTooLarge());
        else chunks.push(chunk);
      });
      answer.once('end', () => resolve({ status, headers, body: Buffer.concat(chunks) }));
    });
    // An answer to no request of ours: the socket is left to who asked, and the signal ends it no more.
    outgoing.once('upgrade', ({ statusCode: status = 0, headers }, socket) => {
      socket.destroy();
      resolve({ status, headers, body: Buffer.alloc(0) });
    });
    outgoing.on('error', fail);
    // However it ended: a request without an end would keep its place from those of all tenants.
    outgoing.once('close', () => resolve({ error: 'CONNECTION_FAILED' }));
    outgoing.end(body);
  });
}

function meaningOf(error: Error): SendError {
  if (error instanceof AddressNotAllowed) return 'ADDRESS_NOT_ALLOWED';
  return error instanceof AnswerTooLarge ? 'ANSWER_TOO_LARGE' : connectionErrorOf(error);
}
