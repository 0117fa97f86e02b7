import { ChanceryError } from '#sdk';

import { Refusal, exitCodes } from '../terminal.js';
import { cleaned } from './table.js';

const UNAUTHORIZED = 401;

/** A refusal of the server in one line: its stable code, what is wrong, and the request to ask the operator about. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ChanceryError) {
    const { code, problem, message, status } = error;
    const members = (problem?.errors ?? []).map(({ pointer, detail }) => `${pointer.slice(1) || 'request'}: ${detail}`);
    const request = problem === undefined ? '' : ` (request ${problem.requestId})`;
    const line = `${code}: ${members.length > 0 ? members.join('; ') : message}${request}`;
    return new Refusal(cleaned(line), status === UNAUTHORIZED ? exitCodes.notSignedIn : exitCodes.rejected);
  }
  // What `fetch` throws where no answer comes; the reason is in its cause.
  if (error instanceof TypeError && error.message === 'fetch failed') {
    const { cause } = error;
    const reason = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
    return new Refusal(`UNREACHABLE: ${reason instanceof Error ? reason.message : 'no answer'}`, exitCodes.unreachable);
  }
  return undefined;
}
