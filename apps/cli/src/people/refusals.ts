import { ChanceryError } from '#sdk';

import { Refusal, exitCodes } from '../terminal.js';
import { cleaned } from './table.js';

const UNAUTHORIZED = 401;

/** What a person can do where a fresh proof was asked for, which says nothing against the credentials. */
const STEP_UP_HINTS: Readonly<Record<string, string>> = {
  PASSWORD_REQUIRED: 'a person without a password does this in the console',
  SECOND_FACTOR_REQUIRED: 'answer with the code of your app, or use a passkey in the console',
};

/** A refusal of the server in one line: its stable code, what is wrong, and the request to ask the operator about. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ChanceryError) {
    const { code, problem, message, status } = error;
    const members = (problem?.errors ?? []).map(({ pointer, detail }) => `${pointer.slice(1) || 'request'}: ${detail}`);
    const request = problem === undefined ? '' : ` (request ${problem.requestId})`;
    const hint = STEP_UP_HINTS[code];
    const advice = hint === undefined ? '' : `; ${hint}`;
    const line = `${code}: ${members.length > 0 ? members.join('; ') : message}${request}${advice}`;
    const isSignedOut = status === UNAUTHORIZED && hint === undefined;
    return new Refusal(cleaned(line), isSignedOut ? exitCodes.notSignedIn : exitCodes.rejected);
  }
  // What `fetch` throws where no answer comes; the reason is in its cause.
  if (error instanceof TypeError && error.message === 'fetch failed') {
    const { cause } = error;
    const reason = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
    return new Refusal(`UNREACHABLE: ${reason instanceof Error ? reason.message : 'no answer'}`, exitCodes.unreachable);
  }
  return undefined;
}
