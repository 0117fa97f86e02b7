import { ChanceryError } from '#sdk';

/** A proxy in front of a server answers so while it has none to ask. */
const AWAY_STATUS: readonly number[] = [502, 503, 504];

/** Why something did not work, in words for a person. */
export function refusalText(error: unknown): string {
  if (error instanceof ChanceryError) {
    if (error.problem !== undefined) return error.message;
    return AWAY_STATUS.includes(error.status) ? 'The server is currently unavailable.' : error.message;
  }
  // That is all that `fetch` says where no answer came (WHATWG Fetch, network error).
  if (error instanceof TypeError)
    return 'The server could not be reached. The action may or may not have been carried out.';
  return error instanceof Error ? error.message : String(error);
}

/** What the server found fault with: one member of the request. */
export interface Fault {
  /** JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly detail: string;
}

export const faultsIn = (error: unknown): readonly Fault[] =>
  error instanceof ChanceryError ? (error.problem?.errors ?? []) : [];

/** What concerns the field of a name: its member of the request has the same one, wherever in the request it is. */
export const faultsOf = (faults: readonly Fault[], name: string | undefined): string[] =>
  faults
    .filter(({ pointer }) => name !== undefined && pointer.split('/').findLast((part) => /\D/.test(part)) === name)
    .map(({ detail }) => detail);
