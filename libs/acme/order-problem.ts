import type { AcmeAuthorization } from './entities.js';

/** What a client is told of an order or a challenge that failed (RFC 8555 §6.7). */
interface AcmeProblem {
  /** The name of a type of the protocol, such as `connection`. */
  readonly problem: string;
  readonly detail: string;
}

/** The problem of an order, with one for each name where several failed (§6.7.1). */
export interface OrderProblem extends AcmeProblem {
  readonly subproblems: readonly (AcmeProblem & { readonly name: string })[];
}

type Ended = Pick<AcmeAuthorization, 'state' | 'name' | 'wildcard' | 'problem' | 'problemDetail'>;

/**
 * Why an order is invalid (RFC 8555 §7.1.3).
 * @param authorizations of the order, in the state that is recorded
 */
export function problemOfOrder(authorizations: readonly Ended[]): OrderProblem {
  const failed = authorizations.filter(({ state }) => state === 'invalid' || state === 'deactivated');
  const subproblems = failed.map(({ name, wildcard, ...row }) => ({ ...problemOf(row), name: nameOf(name, wildcard) }));
  const [first] = subproblems;
  if (first === undefined) return { problem: 'malformed', detail: 'The order has expired', subproblems };
  if (subproblems.length === 1) {
    return { problem: first.problem, detail: `${first.name}: ${first.detail}`, subproblems: [] };
  }
  const isOne = subproblems.every(({ problem }) => problem === first.problem);
  const detail = `Control of ${subproblems.length} names was not proven`;
  // §6.7.1: an order that failed for several reasons is a compound.
  return { problem: isOne ? first.problem : 'compound', detail, subproblems };
}

const problemOf = ({ state, problem, problemDetail }: Omit<Ended, 'name' | 'wildcard'>): AcmeProblem =>
  state === 'deactivated'
    ? { problem: 'unauthorized', detail: 'The authorization was deactivated' }
    : { problem: problem ?? 'unauthorized', detail: problemDetail ?? 'Control of the name was not proven' };

const nameOf = (name: string, wildcard: boolean): string => (wildcard ? `*.${name}` : name);
