import { Injectable } from '@nestjs/common';

import {
  DomainError,
  type EpochMilliseconds,
  type EventDraft,
  type PlatformScope,
  SECOND,
  type TenantScope,
  coreErrors,
} from '#core';
import { type AlgorithmName, CpuQueue, uuidv4, uuidv7 } from '#crypto';
import { type Committed, Database, Outdated, type PreparedWork, type Tx, type View, bothOf } from '#database';
import { Keys, Signer } from '#keys';
import { CallerDirectory } from '#service-keys';

import { diagnose } from './diagnosis.js';
import { profileErrors } from './errors.js';
import { tokenEvents } from './events.js';
import { type Grants, grantsOf, isGranted } from './grants.js';
import { HolderKeys } from './holder-keys.js';
import { KeyUsage, type SigningUse } from './key-usage.js';
import { type PreparedToken, type PreparedTokens, latestExpiryOf, outcomeOf, prepareEach } from './prepared-tokens.js';
import { type Issuer, ProfileDirectory, type Reading, type Verifier } from './profile-directory.js';
import { TokenProfiles } from './profiles.service.js';
import { RateWindows } from './rate-windows.js';
import { ReplayStore } from './replay.js';
import type {
  AskingService,
  Finding,
  IssueContext,
  IssuedToken,
  TransactionRequest,
  Verdict,
  VerifyContext,
} from './token-format.js';
import { TokenMetrics } from './token-metrics.js';
import { TokenTransactions } from './transactions.service.js';

/** The service that asks, as far as signing needs to know it. */
export interface SigningCaller {
  /** Names of the granted profiles; `*` means all. Inside a transaction its present grants apply. */
  readonly profiles: readonly string[];
  /** For a caller whom a profile itself admits: the version of the profile that did. */
  readonly profileVersion?: number | undefined;
}

export interface SignedToken extends IssuedToken {
  readonly format: string;
  readonly algorithm: AlgorithmName;
  readonly keyId: string;
  readonly kid: string;
}

/** A received token, and the body that came with it. */
export interface PresentedToken {
  readonly profile: string;
  readonly token: string;
  readonly body?: Buffer | undefined;
}

export interface TokenVerdict extends Verdict {
  /** How the format's own document calls the result. */
  readonly vendorResult?: string | undefined;
}

export interface Diagnosis {
  readonly verdict: TokenVerdict;
  readonly findings: readonly Finding[];
}

/** A token that was issued before. */
export interface RepeatedToken {
  readonly profile: string;
  readonly kid: string;
  readonly tokenId: string;
  readonly expiresAt: EpochMilliseconds;
}

export const DIAGNOSES_PER_MINUTE = 30;
type Outcome = SignedToken | DomainError;

@Injectable()
export class Signing {
  constructor(
    private readonly database: Database,
    private readonly callers: CallerDirectory,
    private readonly directory: ProfileDirectory,
    private readonly profiles: TokenProfiles,
    private readonly keys: Keys,
    private readonly signer: Signer,
    private readonly holders: HolderKeys,
    private readonly replays: ReplayStore,
    private readonly transactions: TokenTransactions,
    private readonly rates: RateWindows,
    private readonly cpu: CpuQueue,
    private readonly metrics: TokenMetrics,
    private readonly usage: KeyUsage,
  ) {}

  /**
   * A token by a profile. It leaves only after its event is durable.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, KEY_NOT_USABLE, VALIDATION_ERROR, RATE_LIMITED, XID_IN_USE, BUSY,
   *   AUDIT_UNAVAILABLE
   */
  async sign(
    scope: TenantScope,
    caller: SigningCaller,
    profileName: string,
    input: unknown,
  ): Promise<Committed<SignedToken>> {
    const outcome = await this.counted(
      { scope, profileName },
      this.database.commit(scope, async (): Promise<PreparedWork<Outcome>> => {
        const { finish, ...work } = await this.issue(scope, caller, profileName, [input]);
        return {
          ...work,
          finish: (moment) => {
            const { result, events } = finish(moment);
            return { result: result[0]!, events };
          },
        };
      }),
      (result) => [result],
    );
    // Thrown after the commit, so that what the refusal counted stays counted.
    if (outcome instanceof DomainError) throw outcome;
    return outcome;
  }

  /**
   * Several tokens by one profile, in order, in one transaction. What is wrong with one item is its own outcome.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, KEY_NOT_USABLE, BUSY, AUDIT_UNAVAILABLE
   */
  async signAll(
    scope: TenantScope,
    caller: SigningCaller,
    profileName: string,
    inputs: readonly unknown[],
  ): Promise<Committed<Outcome[]>> {
    const outcomes = this.database.commit(scope, () => this.issue(scope, caller, profileName, inputs));
    return this.counted({ scope, profileName }, outcomes, (result) => result);
  }

  /**
   * Records that tokens which were issued before are given out again to the caller that they were issued to.
   * @throws GONE where one has expired, its key may no longer be used, or its profile is no longer granted
   */
  async recordRepetition(scope: TenantScope, caller: SigningCaller, tokens: readonly RepeatedToken[]): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const grants = grantsOf(tx.scope, caller.profiles);
      for (const { profile, kid, tokenId, expiresAt } of tokens) {
        const isUsable = isGranted(grants, profile) && tx.now < expiresAt && (await this.mayVerify(tx, profile, kid));
        if (!isUsable) throw coreErrors.GONE('The token has expired, or is no longer valid');
        tx.record(tokenEvents.repeated(tokenId.slice(0, 64), { kid, tokenId, details: { profile } }));
      }
    });
  }

  /**
   * The verdict on a token.
   * @param options.consume whether an acceptance uses the token's replay id up, where its format has one
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND; never for a bad token
   */
  async verify(
    scope: TenantScope,
    caller: SigningCaller,
    presented: PresentedToken,
    options: { consume?: boolean | undefined } = {},
  ): Promise<Committed<TokenVerdict>> {
    const { consume = false } = options;
    let verifiedBy: Verifier | undefined;
    const verdict = await this.database.commit(scope, async (): Promise<PreparedWork<TokenVerdict>> => {
      const present = await this.callers.present(scope);
      requireGranted(present.grants ?? caller.profiles, presented.profile);
      const { value: verifier, basis } = await this.directory.verifier(scope.tenantId, presented.profile);
      verifiedBy = verifier;
      const read: Reading = (work) => this.database.read(scope, work);
      let verdict = this.unlessUsed(await this.check(verifier, scope, presented, read), verifier, consume);
      const { profile } = verifier.resolved;
      const work = { basis: bothOf(present.basis, basis), rows: 1 };
      const finish = (isFirst: boolean) => {
        const given: Verdict = isFirst ? verdict : { ...verdict, code: 'DUPLICATE_JTI' };
        return { result: withVendorResult(given, verifier), events: [verified(given, verifier, consume)] };
      };
      if (profile.certificateKid !== null) {
        // A certificate ends by the clock, its authority's too: the verdict is that of the transaction.
        const step = async (tx: Tx): Promise<void> => {
          const { value } = await this.directory.readVerifier(tx, presented.profile);
          verdict = await this.check(value, scope, presented, (inside) => inside(tx));
          verdict = this.unlessUsed(verdict, value, consume);
          if (consume) verdict = await this.consume(tx, value, verdict);
        };
        return { ...work, step, finish: () => finish(true) };
      }
      const replay = consume ? replayOf(verifier, verdict) : undefined;
      const once = replay && this.replays.once(scope.tenantId, replay, replay.until);
      return { ...work, once, finish: ({ isFirst }) => finish(once === undefined || isFirst) };
    });
    if (verifiedBy) this.metrics.verified(verifiedBy.resolved.format.name, verifiedBy.algorithm, verdict);
    return verdict;
  }

  /**
   * The causes for which a token is rejected, for the developer of its sender.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, RATE_LIMITED
   */
  async diagnose(scope: TenantScope, caller: SigningCaller, presented: PresentedToken): Promise<Diagnosis> {
    return this.database.transaction(scope, async (tx) => {
      requireGranted(grantsOf(tx.scope, caller.profiles), presented.profile);
      await this.rates.admit(tx, [{ policy: 'diagnose', subject: scope.actor.id, limit: DIAGNOSES_PER_MINUTE }]);
      const { value: verifier } = await this.directory.readVerifier(tx, presented.profile);
      const { profile, format } = verifier.resolved;
      const context = this.verifyContext(verifier, tx.scope, presented, (work) => work(tx));
      const checked = await format.verify(presented.token, context);
      const usedAt =
        checked.replayId === undefined
          ? undefined
          : await this.replays.usedAt(tx, { verifier: profile.id, id: checked.replayId });
      const verdict: Verdict =
        checked.code === 'OK' && usedAt !== undefined ? { ...checked, code: 'DUPLICATE_JTI' } : checked;
      const findings = await diagnose(format, presented.token, context, { verdict, usedAt });
      const details = { profile: profile.name, code: verdict.code, causes: findings.map(({ cause }) => cause) };
      tx.record(tokenEvents.diagnosed((verdict.tokenId ?? profile.id).slice(0, 64), { kid: verdict.kid, details }));
      return { verdict: withVendorResult(verdict, verifier), findings };
    });
  }

  /** Counts what a request for tokens came to. */
  private async counted<Result>(
    request: { readonly scope: TenantScope; readonly profileName: string },
    committed: Promise<Result>,
    outcomesOf: (result: Result) => readonly Outcome[],
  ): Promise<Result> {
    try {
      const result = await committed;
      for (const outcome of outcomesOf(result)) {
        if (outcome instanceof DomainError) this.metrics.refused(outcome);
        else {
          this.metrics.signed(outcome);
          this.usage.note(useOf(request, outcome), this.database.now());
        }
      }
      return result;
    } catch (error) {
      this.metrics.refused(error);
      throw error;
    }
  }

  /** Authenticate, check, sign: what is left is to commit. */
  private async issue(
    scope: TenantScope,
    caller: SigningCaller,
    profileName: string,
    inputs: readonly unknown[],
  ): Promise<PreparedWork<Outcome[]>> {
    const present = await this.callers.present(scope);
    requireGranted(present.grants ?? caller.profiles, profileName);
    const { value: issuer, basis } = await this.directory.issuer(scope.tenantId, profileName);
    const { resolved } = issuer;
    if (resolved.profile.version !== (caller.profileVersion ?? resolved.profile.version)) {
      throw coreErrors.INVALID_CREDENTIALS('The profile was changed while the token was checked; try again');
    }
    const tokens = await this.prepare(scope, issuer, inputs);
    const expiresAt = latestExpiryOf(tokens.items);
    const work = {
      basis: bothOf(present.basis, basis),
      rows: inputs.length,
      raised: expiresAt === undefined ? undefined : this.keys.issueNote(issuer.key.versionId, expiresAt),
    };
    if (resolved.format.transaction === undefined && resolved.profile.certificateKid === null) {
      return { ...work, finish: () => finished(tokens) };
    }
    let outcomes: Outcome[] = [];
    const step = async (tx: Tx): Promise<void> => {
      await this.requireCurrent(tx, tokens);
      outcomes = [];
      for (const item of tokens.items) outcomes.push(await outcomeOf(() => this.record(tx, tokens, item)));
    };
    return { ...work, step, finish: () => ({ result: outcomes, events: [] }) };
  }

  /** One token or refusal for each input, in order, made by what holds now. Signing takes long: it is no part of a transaction. */
  private async prepare(scope: TenantScope, issuer: Issuer, inputs: readonly unknown[]): Promise<PreparedTokens> {
    const { resolved, key, kid, stored } = issuer;
    const { facts, format } = resolved;
    const work = { group: scope.tenantId, kind: inputs.length > 1 ? ('batch' as const) : ('signature' as const) };
    const now = this.database.now();
    const context: IssueContext = {
      profile: facts,
      key,
      kid,
      sign: (data) => this.cpu.sign(work, key.algorithm, data, key.signingKey),
      caller: askingService(scope),
      stored,
      now,
      randomId: uuidv4,
      orderedId: () => uuidv7(now),
    };
    return { ...issuer, items: await prepareEach(format, inputs, context) };
  }

  /** A step: whether the certificate of a profile is still good, which only its row knows. @throws KEY_NOT_USABLE, NOT_FOUND */
  private async requireCurrent(tx: Tx, { resolved, key, kid }: PreparedTokens): Promise<void> {
    const { profile } = resolved;
    if (profile.certificateKid === null) return;
    const present = await this.directory.readIssuer(tx, profile.name);
    const isSame =
      present.resolved.profile.version === profile.version &&
      present.key.versionId === key.versionId &&
      present.kid === kid;
    if (!isSame) throw new Outdated();
  }

  /** Whether a token of this `kid` can be verified by the profile now. */
  private async mayVerify(view: View, profileName: string, kid: string): Promise<boolean> {
    const profile = await this.profiles.find(view, profileName);
    if (!profile) return false;
    if (profile.certificateKid !== null) {
      const holder = await this.holders.ofProfile(view, profile.certificateKid);
      return profile.certificateKid === kid && typeof holder?.key === 'object';
    }
    const keys = await this.signer.verifyingKeys(view, profile.keyId!);
    return keys.some((key) => key.kid === kid);
  }

  /** A step: one token, unless it was made before. */
  private async record(tx: Tx, tokens: PreparedTokens, { input, outcome }: PreparedToken): Promise<SignedToken> {
    if (outcome instanceof DomainError) throw outcome;
    const { resolved, key, kid } = tokens;
    const transaction: TransactionRequest | undefined = resolved.format.transaction?.(input);
    if (transaction) {
      const { facts, format } = resolved;
      await this.transactions.admit(tx, facts, transaction);
      const stored = await this.transactions.stored(tx, facts, transaction);
      const { algorithm, keyId } = key;
      if (stored) return { ...stored, algorithm, keyId, format: format.name };
      if (!(await this.transactions.keep(tx, facts, transaction, { ...outcome, kid }))) {
        // Another request took the id between the look-up and here: its token is the token.
        return { ...(await this.transactions.stored(tx, facts, transaction))!, algorithm, keyId, format: format.name };
      }
    }
    tx.record(issued(tokens, outcome));
    return signed(tokens, outcome);
  }

  private check(verifier: Verifier, scope: TenantScope, presented: PresentedToken, read: Reading): Promise<Verdict> {
    const context = this.verifyContext(verifier, scope, presented, read);
    return verifier.resolved.format.verify(presented.token, context);
  }

  /** What may be used once only is rejected where a restored database cannot know whether it was. */
  private unlessUsed(verdict: Verdict, { resolved }: Verifier, consume: boolean): Verdict {
    const { code, replayId } = verdict;
    const mayBeUsed = consume && code === 'OK' && replayId !== undefined;
    if (!mayBeUsed || !this.replays.mayHaveBeenUsed(verdict, resolved.facts)) return verdict;
    return { ...verdict, code: 'DUPLICATE_JTI' };
  }

  private verifyContext(
    verifier: Verifier,
    scope: TenantScope | PlatformScope,
    { body }: PresentedToken,
    read: Reading,
  ): VerifyContext {
    const { facts } = verifier.resolved;
    const keys = this.directory.keysOf(verifier, read);
    return { ...keys, profile: facts, caller: askingService(scope), body, now: this.database.now() };
  }

  /** The last step of an acceptance. */
  private async consume(tx: Tx, verifier: Verifier, verdict: Verdict): Promise<Verdict> {
    const replay = replayOf(verifier, verdict);
    if (replay === undefined || (await this.replays.consume(tx, replay, replay.until))) return verdict;
    return { ...verdict, code: 'DUPLICATE_JTI' };
  }
}

const finished = (tokens: PreparedTokens): { result: Outcome[]; events: EventDraft[] } => ({
  result: tokens.items.map(({ outcome }) => (outcome instanceof DomainError ? outcome : signed(tokens, outcome))),
  events: tokens.items.flatMap(({ outcome }) => (outcome instanceof DomainError ? [] : [issued(tokens, outcome)])),
});

const signed = ({ resolved, key, kid }: PreparedTokens, token: IssuedToken): SignedToken => ({
  ...token,
  format: resolved.format.name,
  algorithm: key.algorithm,
  keyId: key.keyId,
  kid,
});

const useOf = (
  { scope, profileName }: { readonly scope: TenantScope; readonly profileName: string },
  { keyId, kid }: SignedToken,
): SigningUse => ({
  tenantId: scope.tenantId,
  keyId,
  kid,
  profile: profileName,
  serviceId: scope.actor.type === 'service' ? scope.actor.id : null,
});

function issued({ resolved, kid }: PreparedTokens, { tokenId, expiresAt }: IssuedToken): EventDraft {
  const { profile, format } = resolved;
  const details = { profile: profile.name, format: format.name, expiresAt };
  return tokenEvents.issued(tokenId.slice(0, 64), { kid, tokenId, details });
}

function verified({ code, kid, tokenId }: Verdict, { resolved }: Verifier, consume: boolean): EventDraft {
  const { id, name } = resolved.profile;
  const outcome = code === 'OK' ? 'success' : 'failed';
  const details = { profile: name, code, consume };
  return tokenEvents.verified((tokenId ?? id).slice(0, 64), { outcome, kid, tokenId, details });
}

/** What an acceptance uses up; `undefined` where nothing. */
function replayOf({ resolved }: Verifier, { code, replayId, expiresAt }: Verdict) {
  if (code !== 'OK' || replayId === undefined || expiresAt === undefined) return undefined;
  const { id: verifier, skewSeconds } = resolved.profile;
  return { verifier, id: replayId, until: expiresAt + skewSeconds * SECOND };
}

const askingService = ({ actor }: TenantScope | PlatformScope): AskingService => ({
  serviceId: actor.id,
  ...(actor.credentialId === undefined ? {} : { credentialId: actor.credentialId }),
});

const withVendorResult = (verdict: Verdict, { resolved }: Verifier): TokenVerdict => ({
  ...verdict,
  vendorResult: resolved.format.vendorResults?.[verdict.code],
});

function requireGranted(grants: Grants, profile: string): void {
  if (!isGranted(grants, profile)) throw profileErrors.PROFILE_NOT_GRANTED();
}
