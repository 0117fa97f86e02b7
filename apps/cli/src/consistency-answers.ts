import { Malformed } from '#transparency-log';

interface Answer {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly proof?: unknown;
}

/**
 * The proof from one size of a log to another, among answers of the API.
 * @returns `undefined` where none of them is between the two
 * @throws Malformed for an answer that is none
 */
export function consistencyBetween(from: number, to: number, answers: readonly string[]): Buffer[] | undefined {
  if (from === to) return [];
  const answer = answers.map(parsed).find((one) => one.from === from && one.to === to);
  if (!answer) return undefined;
  const { proof } = answer;
  const isHash = (hash: unknown): hash is string => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (!Array.isArray(proof) || !proof.every(isHash)) throw new Malformed('The proof of consistency has no hashes');
  return proof.map((hash) => Buffer.from(hash, 'hex'));
}

function parsed(answer: string): Answer {
  try {
    return Object(JSON.parse(answer)) as object;
  } catch {
    throw new Malformed('The proof of consistency is not JSON');
  }
}
