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
import { CpuQueue, StoredKey, uuidv4, uuidv7 } from '#crypto';
import {
  type Basis,
  type Committed,
  Database,
  KeyTaken,
  Outdated,
  type PreparedWork,
  type SharedStep,
  type StepTx,
  type View,
  bothOf,
} from '#database';
import { isStoreRefusal } from '#key-stores';
import { Keys, Signer } from '#keys';
import { CallerDirectory } from '#service-keys';

import { diagnose } from './diagnosis.js';
import { profileErrors } from './errors.js';
import { tokenEvents } from './events.js';
import { type Grants, grantsOf, isGranted } from './grants.js';
import { HolderKeys } from './holder-keys.js';
import { KeyUsage, type SigningUse } from './key-usage.js';
import {
  type PreparedTokens,
  type SignedToken,
  issuedEvent,
  latestExpiryOf,
  outcomeOf,
  prepareEach,
  signedToken,
} from './prepared-tokens.js';
import { type Issuer, ProfileDirectory, type Reading, type Verifier } from './profile-directory.js';
import { TokenProfiles } from './profiles.service.js';
import { RateWindows } from './rate-windows.js';
import { type ReplayId, ReplayStore } from './replay.js';
import type { AskingService, Finding, IssueContext, Verdict, VerifyContext } from './token-format.js';
import { TokenMetrics } from './token-metrics.js';
import { TokenRecording, TokensToRecord } from './token-recording.js';

/** The service that asks, as far as signing needs to know it. */
interface SigningCaller {
  /** Names of the granted profiles; `*` means all. Inside a transaction its present grants apply. */
  readonly profiles: readonly string[];
  /** For a caller whom a profile itself admits: the version of the profile that did. */
  readonly profileVersion?: number | undefined;
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
interface RepeatedToken {
  readonly profile: string;
  readonly kid: string;
  readonly tokenId: string;
  readonly expiresAt: EpochMilliseconds;
}

/** A token whose verdict is that of the transaction: a certificate ends by the clock, its authority's too. */
interface CertifiedCheck {
  readonly scope: TenantScope;
  readonly presented: PresentedToken;
  readonly consume: boolean;
  verdict: Verdict;
  verifier: Verifier;
}

export const DIAGNOSES_PER_MINUTE = 30;
type Outcome = SignedToken | DomainError;

@Injectable()
export class Signing {
  readonly #certified: SharedStep<CertifiedCheck> = {
    name: 'verdicts',
    // As `TokenRecording.plans`; an id that is used up is a row that must be absent.
    plans: () => true,
    run: (tx, items) => this.verifyCertified(tx, items),
  };

  constructor(
    private readonly database: Database,
    private readonly callers: CallerDirectory,
    private readonly directory: ProfileDirectory,
    private readonly profiles: TokenProfiles,
    private readonly keys: Keys,
    private readonly signer: Signer,
    private readonly holders: HolderKeys,
    private readonly replays: ReplayStore,
    private readonly recording: TokenRecording,
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
   * Records that tokens which were issued before are returned again to the caller that they were issued to.
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
      const verdict = this.unlessUsed(await this.check(verifier, scope, presented, read), verifier, consume);
      const { profile } = verifier.resolved;
      const work = { basis: bothOf(present.basis, basis), rows: 1 };
      const finish = (isFirst: boolean) => {
        const given: Verdict = isFirst ? verdict : { ...verdict, code: 'DUPLICATE_JTI' };
        return { result: withVendorResult(given, verifier), events: [verified(given, verifier, consume)] };
      };
      if (profile.certificateKid !== null) {
        const item: CertifiedCheck = { scope, presented, consume, verdict, verifier };
        const finish = () => {
          const given = item.verdict;
          return { result: withVendorResult(given, item.verifier), events: [verified(given, item.verifier, consume)] };
        };
        return { ...work, shared: { step: this.#certified, item }, finish };
      }
      const replay = consume ? replayOf(verifier, verdict) : undefined;
      const once = replay && this.replays.once(scope.tenantId, replay, replay.until);
      return { ...work, once, finish: ({ isFirst }) => finish(once === undefined || isFirst) };
    });
    if (verifiedBy)
      this.metrics.verified(scope.tenantId, verifiedBy.resolved.format.name, verifiedBy.algorithm, verdict);
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
    const { tenantId } = request.scope;
    try {
      const result = await committed;
      for (const outcome of outcomesOf(result)) {
        if (outcome instanceof DomainError) this.metrics.refused(tenantId, outcome);
        else {
          this.metrics.signed(tenantId, outcome);
          this.usage.note(useOf(request, outcome), this.database.now());
        }
      }
      return result;
    } catch (error) {
      if (!(error instanceof KeyTaken)) this.metrics.refused(tenantId, error);
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
    const both = bothOf(present.basis, basis);
    const tokens = await this.prepare(scope, issuer, inputs).catch((error: unknown) =>
      this.explain(scope, both, error),
    );
    const expiresAt = latestExpiryOf(tokens.items);
    const work = {
      basis: both,
      rows: inputs.length,
      raised: expiresAt === undefined ? undefined : this.keys.issueNote(issuer.key.versionId, expiresAt),
    };
    if (resolved.format.transaction === undefined && resolved.profile.certificateKid === null) {
      return { ...work, finish: () => finished(tokens) };
    }
    const item = new TokensToRecord(scope, tokens);
    const shared = { step: this.recording, item };
    return { ...work, shared, finish: () => ({ result: [...item.outcomes], events: item.events }) };
  }

  /** A key store does not sign with a key that was destroyed since it was remembered: its successor does. @throws Outdated, or the error */
  private async explain({ tenantId }: TenantScope, basis: Basis, error: unknown): Promise<never> {
    throw isStoreRefusal(error) && !(await this.database.stillHolds(tenantId, basis)) ? new Outdated() : error;
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
    return { ...issuer, items: await prepareEach(format, inputs, context, key.signingKey instanceof StoredKey) };
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

  /** A step: the verdicts by what the rows of certificates say, each profile read once, and then the ids that are used up. */
  private async verifyCertified(tx: StepTx, items: readonly CertifiedCheck[]): Promise<(DomainError | undefined)[]> {
    const present = new Map<string, Verifier | DomainError>();
    const ends: (DomainError | undefined)[] = [];
    const uses: { readonly item: CertifiedCheck; readonly replay: ReplayId; readonly expiresAt: EpochMilliseconds }[] =
      [];
    for (const item of items) {
      const { scope, presented, consume } = item;
      const { profile } = presented;
      const verifier =
        present.get(profile) ?? (await outcomeOf(async () => (await this.directory.readVerifier(tx, profile)).value));
      present.set(profile, verifier);
      ends.push(verifier instanceof DomainError ? verifier : undefined);
      if (verifier instanceof DomainError) continue;
      item.verifier = verifier;
      const verdict = await this.check(verifier, scope, presented, (inside) => inside(tx));
      item.verdict = this.unlessUsed(verdict, verifier, consume);
      const replay = consume ? replayOf(verifier, item.verdict) : undefined;
      if (replay !== undefined) uses.push({ item, replay, expiresAt: replay.until });
    }
    const free = await this.replays.consumeAll(tx, uses);
    uses.forEach(({ item }, index) => {
      if (!free[index]) item.verdict = { ...item.verdict, code: 'DUPLICATE_JTI' };
    });
    return ends;
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
}

const finished = (tokens: PreparedTokens): { result: Outcome[]; events: EventDraft[] } => ({
  result: tokens.items.map(({ outcome }) => (outcome instanceof DomainError ? outcome : signedToken(tokens, outcome))),
  events: tokens.items.flatMap(({ outcome }) => (outcome instanceof DomainError ? [] : [issuedEvent(tokens, outcome)])),
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
