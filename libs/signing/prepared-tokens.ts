import { DomainError, type EpochMilliseconds, type EventDraft } from '#core';
import type { AlgorithmName } from '#crypto';
import type { SigningKey } from '#keys';

import { tokenEvents } from './events.js';
import { checkInput } from './input.js';
import type { ResolvedProfile } from './profiles.service.js';
import type { IssueContext, IssuedToken, TokenFormat } from './token-format.js';

/** The key of a profile, and what its tokens call it. */
export interface NamedKey {
  readonly key: SigningKey;
  /** The certificate's `kid` where the profile has one, else the version's. */
  readonly kid: string;
}

/** Tokens that are made and not recorded yet: none of them may leave. */
export interface PreparedTokens extends NamedKey {
  readonly resolved: ResolvedProfile;
  /** In the order of the inputs; what is wrong with one is its own outcome. */
  readonly items: readonly PreparedToken[];
}

/** A token as its caller gets it. */
export interface SignedToken extends IssuedToken {
  readonly format: string;
  readonly algorithm: AlgorithmName;
  readonly keyId: string;
  readonly kid: string;
}

export const signedToken = ({ resolved, key, kid }: PreparedTokens, token: IssuedToken): SignedToken => ({
  ...token,
  format: resolved.format.name,
  algorithm: key.algorithm,
  keyId: key.keyId,
  kid,
});

/** The event of a token that was made. */
export function issuedEvent({ resolved, kid }: PreparedTokens, { tokenId, expiresAt }: IssuedToken): EventDraft {
  const { profile, format } = resolved;
  const details = { profile: profile.name, format: format.name, expiresAt };
  return tokenEvents.issued(tokenId.slice(0, 64), { kid, tokenId, details });
}

export type PreparedToken = { readonly input: unknown; readonly outcome: IssuedToken | DomainError };

/** What says nothing about the item but about the server: then nothing at all is answered. */
const FAULTS: readonly string[] = ['internal', 'unavailable'];

/** How many tokens of a batch a key store signs at the same time; the others of the tenant want their turns as well. */
const STORE_SIGNATURES_MAX = 8;

/**
 * One token or refusal for each input, in order. A key in this process signs one by one, which is as fast; a key store is on
 * the other end of a line, and signs several at the same time. @throws BUSY
 */
export async function prepareEach(
  format: TokenFormat,
  inputs: readonly unknown[],
  context: IssueContext,
  isStored: boolean,
): Promise<PreparedToken[]> {
  const items: PreparedToken[] = [];
  const waiting = inputs.entries();
  // What is thrown says something about the server, so that no further item is begun.
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [place, given] of waiting) {
      if (hasFailed) return;
      const input = given ?? {};
      try {
        items[place] = { input, outcome: await outcomeOf(() => issueChecked(format, input, context)) };
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: isStored ? STORE_SIGNATURES_MAX : 1 }, work));
  const failure = ended.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  return items;
}

/** When the last of the tokens expires; `undefined` where none was made. */
export function latestExpiryOf(items: readonly PreparedToken[]): EpochMilliseconds | undefined {
  const expiries = items.flatMap(({ outcome }) => (outcome instanceof DomainError ? [] : [outcome.expiresAt]));
  return expiries.length === 0 ? undefined : Math.max(...expiries);
}

/** @throws VALIDATION_ERROR, BUSY */
async function issueChecked(format: TokenFormat, input: unknown, context: IssueContext): Promise<IssuedToken> {
  checkInput(format.name, input);
  return format.issue(input, context);
}

/** What an item comes to. @throws what says nothing about the item but about the server: then nothing is answered */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<T | DomainError> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || FAULTS.includes(error.kind)) throw error;
    return error;
  }
}
