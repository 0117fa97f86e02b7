import { createHash } from 'node:crypto';

import type { ChallengeKind, ValidationProblem } from './challenge-kind.js';

const NO_RECORD: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];

/** A TXT record of the name (RFC 8555 §8.4): the only challenge that proves the control of a wildcard. */
export const dns01: ChallengeKind = {
  provesWildcards: true,
  // RFC 8738 §7
  provesAddresses: false,
  async validate({ name, keyAuthorization }, { texts, withinMilliseconds }) {
    const expected = createHash('sha256').update(keyAuthorization).digest('base64url');
    const waited = AbortSignal.timeout(withinMilliseconds);
    const late = new Promise<never>((_resolve, reject) => {
      waited.addEventListener('abort', () => reject(new Error('late')), { once: true });
    });
    try {
      const found = await Promise.race([texts(`_acme-challenge.${name}`), late]);
      if (found.includes(expected)) return undefined;
      return problem('unauthorized', 'No TXT record of _acme-challenge has the expected value');
    } catch (error) {
      const isAbsent = NO_RECORD.includes((error as { readonly code?: unknown }).code);
      return isAbsent
        ? problem('unauthorized', 'There is no TXT record of _acme-challenge')
        : problem('dns', 'The DNS servers did not answer');
    }
  },
};

const problem = (name: ValidationProblem['problem'], detail: string): ValidationProblem => ({ problem: name, detail });
