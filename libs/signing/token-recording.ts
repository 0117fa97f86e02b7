import { Injectable } from '@nestjs/common';

import { DomainError, type EventDraft, type TenantScope } from '#core';
import { Outdated, type SharedStep, type StepTx } from '#database';

import { tokenEvents } from './events.js';
import {
  type PreparedToken,
  type PreparedTokens,
  type SignedToken,
  issuedEvent,
  outcomeOf,
  signedToken,
} from './prepared-tokens.js';
import { type Issuer, ProfileDirectory } from './profile-directory.js';
import type { TransactionRequest } from './token-format.js';
import { type KeptToken, TokenTransactions } from './transactions.service.js';

/** The tokens of one request that need rows: of a profile that names a certificate, or of a format that keeps its tokens. */
export class TokensToRecord {
  /** In the order of the tokens, once the step has run. */
  outcomes: readonly (SignedToken | DomainError)[] = [];
  events: readonly EventDraft[] = [];

  constructor(
    /** Of who asked. */
    readonly scope: TenantScope,
    readonly tokens: PreparedTokens,
  ) {}
}

/**
 * Checks in the transaction what only rows know of tokens, and keeps those that are read again: for the tokens of many requests
 * together.
 */
@Injectable()
export class TokenRecording implements SharedStep<TokensToRecord> {
  readonly name = 'tokens';

  constructor(
    private readonly directory: ProfileDirectory,
    private readonly transactions: TokenTransactions,
  ) {}

  /**
   * The end of a certificate before its time raises the number of the configuration, a report of its key by another tenant is a row that
   * must not be there; what is kept is held, or its key is free.
   */
  plans(): boolean {
    return true;
  }

  async run(tx: StepTx, items: readonly TokensToRecord[]): Promise<readonly (DomainError | Outdated | undefined)[]> {
    tx.housekeeping('calls within the window of a rate limit');
    const ends = await this.check(tx, items);
    const going = items.filter((_, index) => ends[index] === undefined);
    const kept = await this.keep(tx, going);
    for (const item of going) {
      const events: EventDraft[] = [];
      item.outcomes = item.tokens.items.map((token) => outcome(item, token, kept.get(token), events));
      item.events = events;
    }
    return ends;
  }

  /** Whether the certificate of a profile is still good, which only its row knows: each profile is read once. */
  private async check(tx: StepTx, items: readonly TokensToRecord[]): Promise<(DomainError | Outdated | undefined)[]> {
    const present = new Map<string, Issuer | DomainError>();
    const ends: (DomainError | Outdated | undefined)[] = [];
    for (const { tokens } of items) {
      const { profile } = tokens.resolved;
      if (profile.certificateKid === null) {
        ends.push(undefined);
        continue;
      }
      const issuer = present.get(profile.name) ?? (await outcomeOf(() => this.directory.readIssuer(tx, profile.name)));
      present.set(profile.name, issuer);
      ends.push(issuer instanceof DomainError ? issuer : isSame(issuer, tokens) ? undefined : new Outdated());
    }
    return ends;
  }

  /** What is returned for each token of a format that keeps its tokens. */
  private async keep(
    tx: StepTx,
    items: readonly TokensToRecord[],
  ): Promise<ReadonlyMap<PreparedToken, KeptToken | DomainError>> {
    const wanted = items.flatMap(({ scope, tokens }) => {
      const { resolved, kid } = tokens;
      return tokens.items.flatMap((item) => {
        const request: TransactionRequest | undefined = resolved.format.transaction?.(item.input);
        if (request === undefined || item.outcome instanceof DomainError) return [];
        return [{ item, scope, profile: resolved.facts, request, token: { ...item.outcome, kid } }];
      });
    });
    if (wanted.length === 0) return new Map();
    const kept = await this.transactions.keepAll(tx, wanted);
    return new Map(wanted.map(({ item }, index) => [item, kept[index]!]));
  }
}

const isSame = (present: Issuer, { resolved, key, kid }: PreparedTokens): boolean =>
  present.resolved.profile.version === resolved.profile.version &&
  present.key.versionId === key.versionId &&
  present.kid === kid;

function outcome(
  { tokens }: TokensToRecord,
  { outcome: made }: PreparedToken,
  kept: KeptToken | DomainError | undefined,
  events: EventDraft[],
): SignedToken | DomainError {
  if (made instanceof DomainError) return made;
  if (kept instanceof DomainError) return kept;
  if (kept?.isRepeated) {
    const { token } = kept;
    const { kid, tokenId } = token;
    events.push(tokenEvents.repeated(tokenId, { kid, tokenId, details: { profile: tokens.resolved.facts.name } }));
    return { ...signedToken(tokens, token), kid };
  }
  events.push(issuedEvent(tokens, made));
  return signedToken(tokens, made);
}
