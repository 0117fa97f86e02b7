import { isIPv6 } from 'node:net';

import { type SendError, send } from '#outbound';

import type { ChallengeKind, ValidationProblem } from './challenge-kind.js';

/** A key authorization has at most 129 characters; the rest is for white space. */
const ANSWER_BYTES_MAX = 1_024;

const PROBLEMS: Readonly<Record<SendError, ValidationProblem>> = {
  NAME_NOT_FOUND: { problem: 'dns', detail: 'The name could not be resolved' },
  ADDRESS_NOT_ALLOWED: {
    problem: 'connection',
    detail: 'The name leads to addresses that this server does not connect to (CHANCERY_ACME_NETWORKS)',
  },
  TIMED_OUT: { problem: 'connection', detail: 'There was no whole answer in time' },
  CONNECTION_FAILED: { problem: 'connection', detail: 'The connection failed' },
  CERTIFICATE_REJECTED: { problem: 'connection', detail: 'The connection failed' },
  ANSWER_TOO_LARGE: { problem: 'incorrectResponse', detail: 'The answer is longer than a key authorization' },
};

/**
 * A file on the host (RFC 8555 §8.3). The URL is fixed but for the name and the token, redirects are not followed, and
 * nothing of the answer is shown: a client learns whether control was proven, and no more of the network.
 */
export const http01: ChallengeKind = {
  provesWildcards: false,
  provesAddresses: true,
  async validate({ name, token, keyAuthorization }, { networks, httpPort, resolve, withinMilliseconds }) {
    const request = {
      // RFC 8738 §3: of an address, the request has it as its host.
      url: `http://${isIPv6(name) ? `[${name}]` : name}:${httpPort}/.well-known/acme-challenge/${token}`,
      method: 'GET',
      headers: { accept: '*/*' },
      bodyBytesMax: ANSWER_BYTES_MAX,
      withinMilliseconds,
    };
    const outcome = await send(request, { networks, plainHttp: true }, resolve);
    if ('error' in outcome) return PROBLEMS[outcome.error];
    if (outcome.status >= 300 && outcome.status < 400) {
      return { problem: 'unauthorized', detail: 'The answer is a redirect, which is not followed' };
    }
    if (outcome.status !== 200) return { problem: 'unauthorized', detail: 'The answer does not have the status 200' };
    // §8.3: white space at the end is ignored.
    const isProven = outcome.body.toString('latin1').trimEnd() === keyAuthorization;
    return isProven ? undefined : { problem: 'unauthorized', detail: 'The answer is not the key authorization' };
  },
};
