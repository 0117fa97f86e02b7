import { Injectable } from '@nestjs/common';

import { DomainError, type EpochMilliseconds, type PlatformScope, SECOND, type TenantScope, coreErrors } from '#core';
import { CpuQueue, uuidv4 } from '#crypto';
import { Database, type Tx, type View } from '#database';
import { Keys, Signer, keyErrors } from '#keys';
import { configVersionOf } from '#tenants';

import { diagnose } from './diagnosis.js';
import { profileErrors } from './errors.js';
import { tokenEvents } from './events.js';
import { grantsOf, isGranted } from './grants.js';
import { type HolderKey, HolderKeys } from './holder-keys.js';
import {
  ConfigurationChanged,
  type NamedKey,
  type PreparedToken,
  type PreparedTokens,
  latestExpiryOf,
  outcomeOf,
  prepareEach,
} from './prepared-tokens.js';
import { type ResolvedProfile, TokenProfiles } from './profiles.service.js';
import { RateWindows } from './rate-windows.js';
import { ReplayStore } from './replay.js';
import type { AskingService, Finding, IssueContext, IssuedToken, Verdict, VerifyContext } from './token-format.js';
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
  readonly kid: string;
}

/** A received token, and the body that came with it. */
export interface PresentedToken {
  readonly profile: string;
  readonly token: string;
  readonly body?: Buffer | undefined;
}

export interface JudgedToken extends Verdict {
  /** How the format's own document calls the result. */
  readonly vendorResult?: string | undefined;
}

export interface Diagnosis {
  readonly verdict: JudgedToken;
  readonly findings: readonly Finding[];
}

/** A token that was issued before. */
export interface RepeatedToken {
  readonly profile: string;
  readonly kid: string;
  readonly tokenId: string;
  readonly expiresAt: EpochMilliseconds;
}

/** A verdict on a token that was presented, and under which configuration it was given. */
interface PreparedVerdict {
  readonly configVersion: number;
  readonly resolved: ResolvedProfile;
  readonly verdict: Verdict;
}

/** How often tokens are made again because something changed meanwhile. */
const ATTEMPTS = 5;

export const DIAGNOSES_PER_MINUTE = 30;
@Injectable()
export class Signing {
  constructor(
    private readonly database: Database,
    private readonly profiles: TokenProfiles,
    private readonly keys: Keys,
    private readonly signer: Signer,
    private readonly holders: HolderKeys,
    private readonly replays: ReplayStore,
    private readonly transactions: TokenTransactions,
    private readonly rates: RateWindows,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * A token by a profile. It leaves only after its event is durable.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, KEY_NOT_USABLE, VALIDATION_ERROR, RATE_LIMITED, XID_IN_USE, BUSY,
   *   AUDIT_UNAVAILABLE
   */
  async sign(scope: TenantScope, caller: SigningCaller, profileName: string, input: unknown): Promise<SignedToken> {
    const outcome = await this.issueCurrent(scope, caller, profileName, [input], async (tx, prepared) => {
      const [only] = await this.recordEach(tx, prepared);
      return only!;
    });
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
  ): Promise<(SignedToken | DomainError)[]> {
    return this.issueCurrent(scope, caller, profileName, inputs, (tx, prepared) => this.recordEach(tx, prepared));
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
   * What is to be thought of a token.
   * @param options.consume whether an acceptance uses the token's replay id up, where its format has one
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND; never for a bad token
   */
  async verify(
    scope: TenantScope,
    caller: SigningCaller,
    presented: PresentedToken,
    options: { consume?: boolean | undefined } = {},
  ): Promise<JudgedToken> {
    const prepared = await this.database.read(scope, (view) => {
      requireGrant(view, caller, presented.profile);
      return this.judge(view, presented);
    });
    return this.database.transaction(scope, async (tx) => {
      requireGrant(tx, caller, presented.profile);
      const { resolved, verdict: judged } = (await this.isCurrent(tx, prepared))
        ? prepared
        : await this.judge(tx, presented);
      const { profile } = resolved;
      const verdict = options.consume ? await this.consume(tx, resolved, judged) : judged;
      const { code, kid, tokenId } = verdict;
      const outcome = code === 'OK' ? 'success' : 'failed';
      const details = { profile: profile.name, code, consume: options.consume ?? false };
      tx.record(tokenEvents.verified((tokenId ?? profile.id).slice(0, 64), { outcome, kid, tokenId, details }));
      return withVendorResult(verdict, resolved);
    });
  }

  /**
   * The causes for which a token is rejected, for the developer of its sender.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, RATE_LIMITED
   */
  async diagnose(scope: TenantScope, caller: SigningCaller, presented: PresentedToken): Promise<Diagnosis> {
    return this.database.transaction(scope, async (tx) => {
      requireGrant(tx, caller, presented.profile);
      await this.rates.admit(tx, [{ policy: 'diagnose', subject: scope.actor.id, limit: DIAGNOSES_PER_MINUTE }]);
      const resolved = await this.profiles.resolve(tx, presented.profile);
      const { profile, format } = resolved;
      const context = await this.verifyContext(tx, resolved, presented);
      const judged = await format.verify(presented.token, context);
      const usedAt =
        judged.replayId === undefined
          ? undefined
          : await this.replays.usedAt(tx, { verifier: profile.id, id: judged.replayId });
      const verdict: Verdict =
        judged.code === 'OK' && usedAt !== undefined ? { ...judged, code: 'DUPLICATE_JTI' } : judged;
      const findings = await diagnose(format, presented.token, context, { verdict, usedAt });
      const details = { profile: profile.name, code: verdict.code, causes: findings.map(({ cause }) => cause) };
      tx.record(tokenEvents.diagnosed((verdict.tokenId ?? profile.id).slice(0, 64), { kid: verdict.kid, details }));
      return { verdict: withVendorResult(verdict, resolved), findings };
    });
  }

  /**
   * Makes tokens, and records them in one transaction unless something that they depend on changed meanwhile: then they
   * are made anew. Signing takes place before the transaction, because it takes long.
   */
  private async issueCurrent<T>(
    scope: TenantScope,
    caller: SigningCaller,
    profileName: string,
    inputs: readonly unknown[],
    record: (tx: Tx, prepared: PreparedTokens) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const prepared = await this.prepare(scope, caller, profileName, inputs);
      try {
        const work = async (tx: Tx): Promise<T> => {
          requireGrant(tx, caller, profileName);
          await this.requireCurrent(tx, prepared);
          await this.noteIssues(tx, prepared);
          return record(tx, prepared);
        };
        return await this.database.transaction(scope, work, inputs.length);
      } catch (error) {
        if (!(error instanceof ConfigurationChanged)) throw error;
        if (attempt === ATTEMPTS) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
      }
    }
  }

  /** One token or refusal for each input, in order, made by what holds now. */
  private async prepare(
    scope: TenantScope,
    caller: SigningCaller,
    profileName: string,
    inputs: readonly unknown[],
  ): Promise<PreparedTokens> {
    const { now, stored, ...found } = await this.database.read(scope, async (view) => {
      // The number first: what changes after it was read is noticed.
      const configVersion = await configVersionOf(view);
      requireGrant(view, caller, profileName);
      const resolved = await this.profiles.resolve(view, profileName);
      if (resolved.profile.version !== (caller.profileVersion ?? resolved.profile.version)) {
        throw coreErrors.INVALID_CREDENTIALS('The profile was changed while the token was checked; try again');
      }
      const stored = await this.profiles.storedInput(view, resolved.profile);
      return { configVersion, resolved, ...(await this.signingKey(view, resolved)), stored, now: view.now };
    });
    const { resolved, key, kid } = found;
    const { facts, format } = resolved;
    const work = { group: scope.tenantId, kind: inputs.length > 1 ? ('batch' as const) : ('signature' as const) };
    const context: IssueContext = {
      profile: facts,
      key,
      kid,
      sign: (data) => this.cpu.sign(work, key.algorithm, data, key.signingKey),
      caller: askingService(scope),
      stored,
      now,
      randomId: uuidv4,
    };
    return { ...found, items: await prepareEach(format, inputs, context) };
  }

  /** A step: the version that signed is kept until the last of these tokens has expired. */
  private async noteIssues(tx: Tx, { key, items }: PreparedTokens): Promise<void> {
    const latest = latestExpiryOf(items);
    if (latest !== undefined) await this.keys.noteIssue(tx, key.versionId, latest);
  }

  /**
   * A step: whether what was prepared still holds, and goes on to hold until this transaction ends. By the number of the
   * configuration; where that was raised, by what it was raised for.
   * @throws ConfigurationChanged, KEY_NOT_USABLE, NOT_FOUND
   */
  private async requireCurrent(tx: Tx, { configVersion, resolved, key, kid }: PreparedTokens): Promise<void> {
    const isUnchanged = (await configVersionOf(tx)) === configVersion;
    const { profile } = resolved;
    // A certificate ends by the clock, its authority's, too.
    if (isUnchanged && profile.certificateKid === null && tx.now < (key.signsUntil ?? Infinity)) return;
    const present = await this.profiles.resolve(tx, profile.name);
    const signing = await this.signingKey(tx, present);
    const isSame =
      present.profile.id === profile.id &&
      present.profile.version === profile.version &&
      signing.key.versionId === key.versionId &&
      signing.kid === kid;
    if (!isSame) throw new ConfigurationChanged();
  }

  /** A step: the outcome of each token, with its event. */
  private async recordEach(tx: Tx, prepared: PreparedTokens): Promise<(SignedToken | DomainError)[]> {
    const outcomes: (SignedToken | DomainError)[] = [];
    for (const item of prepared.items) {
      outcomes.push(await outcomeOf(() => this.record(tx, prepared, item)));
    }
    return outcomes;
  }

  /** Whether a token of this `kid` can be verified by the profile now. */
  private async mayVerify(view: View, profileName: string, kid: string): Promise<boolean> {
    const profile = await this.profiles.find(view, profileName);
    if (!profile) return false;
    if (profile.certificateKid !== null) {
      const holder = await this.holders.find(view, profile.certificateKid);
      return profile.certificateKid === kid && typeof holder?.key === 'object';
    }
    const keys = await this.signer.verifyingKeys(view, profile.keyId!);
    return keys.some((key) => key.kid === kid);
  }

  /** A certificate that is no longer good must not name a new token, whatever becomes of the key. */
  private async signingKey(view: View, { profile }: ResolvedProfile): Promise<NamedKey> {
    const { keyId, certificateKid } = profile;
    if (keyId === null)
      throw keyErrors.KEY_NOT_USABLE('The profile verifies by a certificate and has no key of its own');
    const key = await this.signer.signingKey(view, keyId);
    if (certificateKid === null) return { key, kid: key.kid };
    const holder = await this.holders.find(view, certificateKid);
    if (typeof holder?.key !== 'object') throw keyErrors.KEY_NOT_USABLE('The certificate of the profile is not valid');
    if (!holder.key.verifyingKey.equals(key.verifyingKey)) {
      throw keyErrors.KEY_NOT_USABLE('The certificate of the profile is not that of its key');
    }
    return { key, kid: certificateKid };
  }

  private async record(
    tx: Tx,
    { resolved: { profile, facts, format }, kid }: PreparedTokens,
    { input, outcome }: PreparedToken,
  ): Promise<SignedToken> {
    if (outcome instanceof DomainError) throw outcome;
    const transaction = format.transaction?.(input);
    if (transaction) {
      await this.transactions.admit(tx, facts, transaction);
      const stored = await this.transactions.stored(tx, facts, transaction);
      if (stored) return { ...stored, format: format.name };
      if (!(await this.transactions.keep(tx, facts, transaction, { ...outcome, kid }))) {
        // Another request took the id between the look-up and here: its token is the token.
        return { ...(await this.transactions.stored(tx, facts, transaction))!, format: format.name };
      }
    }
    const { tokenId, expiresAt } = outcome;
    const details = { profile: profile.name, format: format.name, expiresAt };
    tx.record(tokenEvents.issued(tokenId.slice(0, 64), { kid, tokenId, details }));
    return { ...outcome, format: format.name, kid };
  }

  /** A verdict by what holds now; the number of the configuration is read first, so that what changes is noticed. */
  private async judge(view: View, presented: PresentedToken): Promise<PreparedVerdict> {
    const configVersion = await configVersionOf(view);
    const resolved = await this.profiles.resolve(view, presented.profile);
    const context = await this.verifyContext(view, resolved, presented);
    return { configVersion, resolved, verdict: await resolved.format.verify(presented.token, context) };
  }

  /** A step: whether a verdict still holds, and goes on to hold until this transaction ends. A certificate ends by the clock. */
  private async isCurrent(tx: Tx, { configVersion, resolved }: PreparedVerdict): Promise<boolean> {
    return (await configVersionOf(tx)) === configVersion && resolved.profile.certificateKid === null;
  }

  private async verifyContext(view: View, resolved: ResolvedProfile, { body }: PresentedToken): Promise<VerifyContext> {
    const { profile, facts } = resolved;
    const shared = { profile: facts, caller: askingService(view.scope), body, now: view.now };
    if (profile.certificateKid !== null) {
      const holder = await this.holders.find(view, profile.certificateKid);
      return { ...shared, ...keysOfHolder(holder) };
    }
    const { key } = await this.keys.describe(view, profile.keyId!);
    return {
      ...shared,
      algorithm: key.algorithm,
      keys: await this.signer.verifyingKeys(view, key.id),
      endedKeys: () => this.signer.endedKeys(view, key.id),
      whyUnusable: async (kid) => ((await this.signer.knows(view, key.id, kid)) ? 'KEY_NOT_USABLE' : 'UNKNOWN_KID'),
    };
  }

  /** The last step of an acceptance. */
  private async consume(tx: Tx, { profile }: ResolvedProfile, verdict: Verdict): Promise<Verdict> {
    const { code, replayId, expiresAt } = verdict;
    if (code !== 'OK' || replayId === undefined || expiresAt === undefined) return verdict;
    const until = expiresAt + profile.skewSeconds * SECOND;
    const isFree = await this.replays.consume(tx, { verifier: profile.id, id: replayId }, until);
    return isFree ? verdict : { ...verdict, code: 'DUPLICATE_JTI' };
  }
}

/** What a token may be verified with where a certificate names its key: that one key while the certificate is good. */
export function keysOfHolder(
  holder: HolderKey | undefined,
): Pick<VerifyContext, 'algorithm' | 'keys' | 'endedKeys' | 'whyUnusable'> {
  const key = typeof holder?.key === 'object' ? holder.key : undefined;
  const refusal = typeof holder?.key === 'string' ? holder.key : 'UNKNOWN_KID';
  return {
    algorithm: key?.algorithm ?? 'RS256',
    keys: key ? [key] : [],
    endedKeys: async () => [],
    whyUnusable: async (kid) => (kid === holder?.kid ? refusal : 'UNKNOWN_KID'),
  };
}

const askingService = ({ actor }: TenantScope | PlatformScope): AskingService => ({
  serviceId: actor.id,
  ...(actor.credentialId === undefined ? {} : { credentialId: actor.credentialId }),
});

const withVendorResult = (verdict: Verdict, { format }: ResolvedProfile): JudgedToken => ({
  ...verdict,
  vendorResult: format.vendorResults?.[verdict.code],
});

function requireGrant({ scope }: View, { profiles }: SigningCaller, profile: string): void {
  if (!isGranted(grantsOf(scope, profiles), profile)) throw profileErrors.PROFILE_NOT_GRANTED();
}
