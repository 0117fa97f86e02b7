import { createHash } from 'node:crypto';

import { Injectable, Logger } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import { RepeatedEvents } from '#audit';
import { Restorations } from '#backup';
import {
  DomainError,
  type EpochMilliseconds,
  SECOND,
  type TenantScope,
  isUuid,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { Database } from '#database';
import { type Claims, Issuers, type KeySource, issuerErrors, provenClaims, readUnproven } from '#issuers';
import { isAddressAllowed, requireActiveTenant, tenantState } from '#tenants';

import { Service, Trust, WorkloadCredential } from './entities.js';
import { trustErrors } from './errors.js';
import { trustEvents } from './events.js';
import {
  CLOCK_SKEW,
  type TrustDecision,
  type TrustRefusal,
  decideByRules,
  repeatableUntil,
  timeProblem,
  untrustedClaim,
} from './trust-rules.js';

/** Why a token of a workload gives no credential, for the history. */
type WorkloadRefusal =
  | TrustRefusal
  | 'MALFORMED_TOKEN'
  | 'UNTRUSTED_ISSUER'
  | 'INVALID_SIGNATURE'
  | 'ISSUER_UNUSABLE'
  | 'DUPLICATE_JTI'
  | 'IP_NOT_ALLOWED';

/** Not a refusal: another request with the token was faster. */
const ALREADY_ADMITTED = 'ALREADY_ADMITTED';

/** A token that a trust of the service accepts. */
interface AcceptedToken {
  readonly trust: Trust;
  readonly claims: Claims;
  readonly matched: Readonly<Record<string, string>>;
}

/** What one trust would decide about a token. */
export interface TrustTrial {
  readonly trustId: string;
  readonly name: string;
  /** Why it does not accept the token; `null` where it does. */
  readonly reason: WorkloadRefusal | null;
  /** The claim of its rules that the token does not have as it must be, where that is the reason. */
  readonly claim: string | null;
}

/** What would be decided about a token, and by which trusts: those of its issuer. */
export interface TokenTrial {
  /** Why no trust accepts it; `null` where one does. */
  readonly reason: WorkloadRefusal | null;
  readonly trusts: readonly TrustTrial[];
}

/** A workload that wants to act as a service. */
interface WorkloadRequest {
  readonly serviceId: string;
  readonly token: string;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  /** Where a gateway asks: services of other tenants do not exist. */
  readonly tenantId?: string | undefined;
}

/** The credential that follows from a token. */
interface CredentialTerms {
  /** How it is found. */
  readonly lookupHash: string;
  readonly expiresAt: EpochMilliseconds;
  readonly event: typeof trustEvents.exchanged;
}

const SCOPE = platformScope(systemOrigin('workload-tokens'));
/** Characters of a claim that the history keeps. */
const JTI_CHARACTERS_MAX = 128;

/**
 * Tokens of workloads by their own issuers: which of them a service trusts. One that is accepted becomes a short credential
 * of the service, so that its requests cost what those of other credentials do, and end with the trust.
 */
@Injectable()
export class WorkloadTokens {
  readonly #logger = new Logger(WorkloadTokens.name);

  constructor(
    private readonly database: Database,
    private readonly issuers: Issuers,
    private readonly events: RepeatedEvents,
    private readonly restorations: Restorations,
  ) {}

  /**
   * @param termsOf what credential follows from the token
   * @throws SUBJECT_TOKEN_REJECTED (see `refusalOf`) for a service that does not exist, one without such a trust, and a token that none of
   *   its trusts accepts; TENANT_SUSPENDED
   */
  async admit(
    request: WorkloadRequest,
    termsOf: (accepted: AcceptedToken, now: EpochMilliseconds) => CredentialTerms,
  ): Promise<WorkloadCredential> {
    const service = await this.serviceOf(request);
    if (!service) throw refused('UNTRUSTED_ISSUER');
    try {
      return await this.issue(request, service, await this.accept(service, request.token), termsOf);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason !== undefined && reason !== ALREADY_ADMITTED) await this.record(request, service, reason);
      throw error;
    }
  }

  /**
   * What would be decided about a token now, for those who write the trusts. Nothing is recorded, the token is not used up, and from
   * where it would come is not looked at.
   * @throws NOT_FOUND
   */
  async try(scope: TenantScope, serviceId: string, token: string): Promise<TokenTrial> {
    const { all, now } = await this.database.read(scope, async (view) => {
      await view.get(Service, { id: serviceId, state: 'active' });
      return { all: await view.find(Trust, { serviceId }, { order: { id: 'ASC' } }), now: view.now };
    });
    const unproven = readUnproven(token);
    if (!unproven) return { reason: 'MALFORMED_TOKEN', trusts: [] };
    const trials: TrustTrial[] = [];
    for (const trust of all.filter(({ issuer }) => issuer === unproven.iss)) {
      const reason = await this.reasonAgainst(scope, trust, token, now);
      trials.push({ trustId: trust.id, name: trust.name, ...reason });
    }
    if (trials.length === 0) return { reason: 'UNTRUSTED_ISSUER', trusts: [] };
    if (trials.some(({ reason }) => reason === null)) return { reason: null, trusts: trials };
    // As `accept` does: a trust that knows no key of the token says less than one that does.
    const last = trials.findLast(({ reason }) => reason !== 'INVALID_SIGNATURE') ?? trials.at(-1)!;
    return { reason: last.reason, trusts: trials };
  }

  private async reasonAgainst(
    scope: TenantScope,
    trust: Trust,
    token: string,
    now: EpochMilliseconds,
  ): Promise<Pick<TrustTrial, 'reason' | 'claim'>> {
    const because = (reason: WorkloadRefusal | null, claim: string | null = null) => ({ reason, claim });
    let claims: Claims | undefined;
    try {
      claims = await this.prove(token, this.keysOf(trust));
    } catch (error) {
      if (refusalOf(error) !== 'ISSUER_UNUSABLE') throw error;
      return because('ISSUER_UNUSABLE');
    }
    if (!claims) return because('INVALID_SIGNATURE');
    const { reason } = decided(trust, claims, now);
    if (reason !== null) {
      const claim = reason === 'CLAIM_NOT_TRUSTED' ? untrustedClaim(trust, claims) : undefined;
      return because(reason, claim ?? null);
    }
    if (!trust.singleUse) return because(null);
    const replayKey = replayKeyOf(trust, claims, token);
    const isUsed = await this.database.read(scope, (view) => view.exists(WorkloadCredential, { replayKey }));
    return because(isUsed || this.mayHaveBeenUsed(claims) ? 'DUPLICATE_JTI' : null);
  }

  private keysOf({ issuer, jwks }: Trust): KeySource {
    return jwks === null
      ? this.issuers.keysOf(issuer)
      : this.issuers.givenKeysOf(issuer, jwks as unknown as JSONWebKeySet);
  }

  private async serviceOf({ serviceId, tenantId }: WorkloadRequest): Promise<Service | null> {
    if (!isUuid(serviceId)) return null;
    return this.database.readPlatform(SCOPE, async (view) => {
      const service = await view.findOne(Service, { id: serviceId, state: 'active' });
      if (!service || service.tenantId !== (tenantId ?? service.tenantId)) return null;
      return (await tenantState(view, service.tenantId)) === 'deleted' ? null : service;
    });
  }

  /** The first trust of the service that accepts the token. @throws SUBJECT_TOKEN_REJECTED */
  private async accept(service: Service, token: string): Promise<AcceptedToken> {
    const unproven = readUnproven(token);
    if (!unproven) throw refused('MALFORMED_TOKEN');
    const { id: serviceId, tenantId } = service;
    const { trusts, now } = await this.database.readPlatform(SCOPE, async (view) => ({
      trusts: await view.find(Trust, { tenantId, serviceId, issuer: unproven.iss }, { order: { id: 'ASC' } }),
      now: view.now,
    }));
    if (trusts.length === 0) throw refused('UNTRUSTED_ISSUER');
    let reason: WorkloadRefusal = 'INVALID_SIGNATURE';
    // All of them are of the issuer of the token.
    let byIssuer: Promise<Claims | undefined> | undefined;
    for (const trust of trusts) {
      const proving =
        trust.jwks === null
          ? (byIssuer ??= this.prove(token, this.keysOf(trust)))
          : this.prove(token, this.keysOf(trust));
      const claims = await proving;
      if (!claims) continue;
      const decision = decided(trust, claims, now);
      if (decision.reason === null) return { trust, claims, matched: decision.matched };
      reason = decision.reason;
    }
    throw refused(reason);
  }

  private async prove(token: string, source: KeySource): Promise<Claims | undefined> {
    try {
      return await provenClaims(token, source);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== issuerErrors.ISSUER_UNUSABLE.code) throw error;
      throw refused('ISSUER_UNUSABLE');
    }
  }

  private async issue(
    { token, requestId, sourceAddress }: WorkloadRequest,
    { id: serviceId, tenantId, name }: Service,
    accepted: AcceptedToken,
    termsOf: (accepted: AcceptedToken, now: EpochMilliseconds) => CredentialTerms,
  ): Promise<WorkloadCredential> {
    const { trust, claims, matched } = accepted;
    const actor = { type: 'service', id: serviceId, name } as const;
    const scope: TenantScope = selfDeciding({ actor, requestId, sourceAddress, tenantId });
    return this.database.transaction(scope, async (tx) => {
      await requireActiveTenant(tx);
      // What was withdrawn since the token was verified counts.
      const service = await tx.findOne(Service, { id: serviceId, state: 'active' });
      if (!service || !(await tx.exists(Trust, { id: trust.id }))) throw refused('UNTRUSTED_ISSUER');
      if (!isAddressAllowed(service.allowedCidrs, sourceAddress)) throw refused('IP_NOT_ALLOWED');
      if (trust.singleUse && this.mayHaveBeenUsed(claims)) throw refused('DUPLICATE_JTI');
      const { lookupHash, expiresAt, event } = termsOf(accepted, tx.now);
      const credential: WorkloadCredential = {
        id: uuidv7(tx.now),
        tenantId,
        serviceId,
        trustId: trust.id,
        lookupHash,
        replayKey: trust.singleUse ? replayKeyOf(trust, claims, token) : null,
        createdAt: tx.now,
        expiresAt,
        keptUntil: trust.singleUse ? Math.max(expiresAt, repeatableUntil(claims)) : expiresAt,
      };
      const duplicate = (): DomainError => refused(trust.singleUse ? 'DUPLICATE_JTI' : ALREADY_ADMITTED);
      await tx.insert(WorkloadCredential, credential, { duplicate });
      await tx.note(Trust, { id: trust.id }, { lastUsedAt: tx.now });
      const jti =
        typeof claims['jti'] === 'string' ? { jti: claims['jti'].slice(0, JTI_CHARACTERS_MAX).toWellFormed() } : {};
      const ttlSeconds = Math.ceil((expiresAt - tx.now) / SECOND);
      const details = { serviceId, issuer: trust.issuer, claims: matched, ttlSeconds, ...jti };
      tx.record(event(trust.id, { credentialId: credential.id, details }));
      return credential;
    });
  }

  /** A restoration loses which tokens were exchanged since the backup: each that was issued before it counts as used. */
  private mayHaveBeenUsed({ iat }: Claims): boolean {
    const { lastAt } = this.restorations;
    return lastAt !== null && (iat as number) * SECOND - CLOCK_SKEW < lastAt;
  }

  /** Never throws: the answer is the rejection, whatever becomes of its record. */
  private async record(
    { requestId, sourceAddress }: WorkloadRequest,
    { id, tenantId, name }: Service,
    reason: WorkloadRefusal,
  ): Promise<void> {
    await this.events
      .record({
        subject: `token-exchange:${id}:${reason}`,
        histories: [tenantId],
        origin: { actor: { type: 'service', id, name }, requestId, sourceAddress },
        event: trustEvents.refused(id, { outcome: 'denied', details: { reason } }),
        sourceAddresses: sourceAddress === null ? [] : [sourceAddress],
      })
      .catch((error: unknown) => this.#logger.error('A rejected token could not be recorded', error));
  }
}

/** What a trust decides about claims that are proven. */
function decided(trust: Trust, claims: Claims, now: EpochMilliseconds): TrustDecision {
  const reason = timeProblem(claims, now);
  return reason ? { reason } : decideByRules(trust, claims);
}

/** Why the token was rejected; `undefined` for every other failure. */
export function refusalOf(error: unknown): WorkloadRefusal | typeof ALREADY_ADMITTED | undefined {
  if (!(error instanceof DomainError) || error.code !== trustErrors.SUBJECT_TOKEN_REJECTED.code) return undefined;
  return error.extensions['reason'] as WorkloadRefusal | typeof ALREADY_ADMITTED;
}

/** Carries the reason to the history; the workload is told nothing of it. */
const refused = (reason: WorkloadRefusal | typeof ALREADY_ADMITTED): DomainError =>
  trustErrors.SUBJECT_TOKEN_REJECTED({ extensions: { reason } });

/**
 * By its id where the issuer gives one, otherwise by what is signed. A signature can be written in more than one way: with
 * other base64url of the same bytes, or with (r, n - s) for the (r, s) of ECDSA.
 */
function replayKeyOf({ id }: Trust, { jti }: Claims, token: string): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  const named = typeof jti === 'string' && jti !== '' ? `jti ${jti}` : `token ${signed}`;
  return createHash('sha256').update(`${id} ${named}`).digest('hex');
}
