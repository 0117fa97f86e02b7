import { createHash } from 'node:crypto';

import { Injectable, Logger } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import { RepeatedEvents } from '#audit';
import { Restorations } from '#backup';
import {
  DomainError,
  type Origin,
  SECOND,
  type Secret,
  type TenantScope,
  isUuid,
  platformScope,
  selfDeciding,
} from '#core';
import { prefixedSecret, uuidv7 } from '#crypto';
import { Database } from '#database';
import { type Claims, Issuers, type KeySource, issuerErrors, provenClaims, readUnproven } from '#issuers';
import { isAddressAllowed, requireActiveTenant, tenantState } from '#tenants';

import { CredentialSecrets } from './credential-secrets.js';
import { Service, Trust, WorkloadCredential } from './entities.js';
import { trustErrors } from './errors.js';
import { trustEvents } from './events.js';
import { FailedAuthentications, sourceOf } from './failed-authentications.js';
import { CLOCK_SKEW, type TrustRefusal, acceptedClaims, repeatableUntil, timeProblem } from './trust-rules.js';

/** What a workload gets for its token. */
export interface ExchangedToken {
  readonly accessToken: Secret;
  readonly expiresInSeconds: number;
}

/** The secrets of workload credentials; only their keyed hashes are stored. */
export const workloadSecrets = prefixedSecret('cwc_');

type Refusal =
  | TrustRefusal
  | 'MALFORMED_TOKEN'
  | 'UNTRUSTED_ISSUER'
  | 'INVALID_SIGNATURE'
  | 'ISSUER_UNUSABLE'
  | 'DUPLICATE_JTI'
  | 'IP_NOT_ALLOWED';

interface Accepted {
  readonly trust: Trust;
  readonly claims: Claims;
  readonly matched: Readonly<Record<string, string>>;
}

/** Characters of a claim that the history keeps. */
const JTI_CHARACTERS_MAX = 128;

/**
 * RFC 8693: a workload shows a token of its own issuer and gets a short credential of the service. Nothing that the
 * workload keeps is a secret of ours.
 */
@Injectable()
export class TokenExchange {
  readonly #logger = new Logger(TokenExchange.name);

  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly issuers: Issuers,
    private readonly failures: FailedAuthentications,
    private readonly events: RepeatedEvents,
    private readonly restorations: Restorations,
  ) {}

  /**
   * @param serviceId the service that the workload wants to act as
   * @throws SUBJECT_TOKEN_REJECTED for a service that does not exist, one without such a trust, and a token that none of
   *   its trusts accepts, alike; TENANT_SUSPENDED; RATE_LIMITED where the address is beyond its quota of failures
   */
  async exchange(origin: Origin, serviceId: string, subjectToken: string): Promise<ExchangedToken> {
    const source = sourceOf(origin.sourceAddress);
    if (this.failures.isExhausted(source)) throw this.failures.rejection(source);
    const service = await this.serviceOf(origin, serviceId);
    try {
      if (!service) throw refused('UNTRUSTED_ISSUER');
      const accepted = await this.accept(origin, service, subjectToken);
      return await this.issue(origin, service, accepted, subjectToken);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== trustErrors.SUBJECT_TOKEN_REJECTED.code) throw error;
      if (service) await this.record(origin, service, String(error.extensions['reason']));
      throw await this.failures.count(source, trustErrors.SUBJECT_TOKEN_REJECTED());
    }
  }

  private async serviceOf(origin: Origin, serviceId: string): Promise<Service | null> {
    if (!isUuid(serviceId)) return null;
    return this.database.readPlatform(platformScope(origin), async (view) => {
      const service = await view.findOne(Service, { id: serviceId, state: 'active' });
      return service && (await tenantState(view, service.tenantId)) !== 'deleted' ? service : null;
    });
  }

  /** The first trust of the service that accepts the token. @throws SUBJECT_TOKEN_REJECTED */
  private async accept(origin: Origin, service: Service, token: string): Promise<Accepted> {
    const unproven = readUnproven(token);
    if (!unproven) throw refused('MALFORMED_TOKEN');
    const { id: serviceId, tenantId } = service;
    const { trusts, now } = await this.database.readPlatform(platformScope(origin), async (view) => ({
      trusts: await view.find(Trust, { tenantId, serviceId, issuer: unproven.iss }, { order: { id: 'ASC' } }),
      now: view.now,
    }));
    if (trusts.length === 0) throw refused('UNTRUSTED_ISSUER');
    let reason: Refusal = 'INVALID_SIGNATURE';
    // All of them are of the issuer of the token.
    let byIssuer: Promise<Claims | undefined> | undefined;
    for (const trust of trusts) {
      const claims =
        trust.jwks === null
          ? await (byIssuer ??= this.prove(token, this.issuers.keysOf(unproven.iss)))
          : await this.prove(token, this.issuers.givenKeysOf(unproven.iss, trust.jwks as unknown as JSONWebKeySet));
      if (!claims) continue;
      const problem = timeProblem(claims, now);
      if (problem) throw refused(problem);
      const matched = acceptedClaims(trust, claims);
      if (!('refused' in matched)) return { trust, claims, matched };
      reason = (matched as { refused: TrustRefusal }).refused;
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
    origin: Origin,
    { id: serviceId, tenantId, name }: Service,
    { trust, claims, matched }: Accepted,
    subjectToken: string,
  ): Promise<ExchangedToken> {
    const accessToken = workloadSecrets.generate();
    const lookupHash = this.secrets.lookupHash(accessToken.reveal());
    const actor = { type: 'service', id: serviceId, name } as const;
    const scope: TenantScope = selfDeciding({ ...origin, actor, tenantId });
    return this.database.transaction(scope, async (tx) => {
      await requireActiveTenant(tx);
      // What was withdrawn since the token was verified counts.
      const service = await tx.findOne(Service, { id: serviceId, state: 'active' });
      if (!service || !(await tx.exists(Trust, { id: trust.id }))) throw refused('UNTRUSTED_ISSUER');
      if (!isAddressAllowed(service.allowedCidrs, origin.sourceAddress)) throw refused('IP_NOT_ALLOWED');
      if (trust.singleUse && this.mayHaveBeenUsed(claims)) throw refused('DUPLICATE_JTI');
      const expiresAt = tx.now + trust.ttlSeconds * SECOND;
      const credential: WorkloadCredential = {
        id: uuidv7(tx.now),
        tenantId,
        serviceId,
        trustId: trust.id,
        lookupHash,
        replayKey: trust.singleUse ? replayKeyOf(trust, claims, subjectToken) : null,
        createdAt: tx.now,
        expiresAt,
        keptUntil: trust.singleUse ? Math.max(expiresAt, repeatableUntil(claims)) : expiresAt,
      };
      await tx.insert(WorkloadCredential, credential, { duplicate: () => refused('DUPLICATE_JTI') });
      await tx.note(Trust, { id: trust.id }, { lastUsedAt: tx.now });
      const jti =
        typeof claims['jti'] === 'string' ? { jti: claims['jti'].slice(0, JTI_CHARACTERS_MAX).toWellFormed() } : {};
      const details = { serviceId, issuer: trust.issuer, claims: matched, ttlSeconds: trust.ttlSeconds, ...jti };
      tx.record(trustEvents.exchanged(trust.id, { credentialId: credential.id, details }));
      return { accessToken, expiresInSeconds: trust.ttlSeconds };
    });
  }

  /** A restoration loses which tokens were exchanged since the backup: each that was issued before it counts as used. */
  private mayHaveBeenUsed({ iat }: Claims): boolean {
    const { lastAt } = this.restorations;
    return lastAt !== null && (iat as number) * SECOND - CLOCK_SKEW < lastAt;
  }

  /** Never throws: the answer is the rejection, whatever becomes of its record. */
  private async record(origin: Origin, { id, tenantId, name }: Service, reason: string): Promise<void> {
    const { requestId, sourceAddress } = origin;
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

/** Carries the reason to the history; the workload is told nothing of it. */
const refused = (reason: Refusal): DomainError => trustErrors.SUBJECT_TOKEN_REJECTED({ extensions: { reason } });

/**
 * By its id where the issuer gives one, otherwise by what is signed. A signature can be written in more than one way: with
 * other base64url of the same bytes, or with (r, n - s) for the (r, s) of ECDSA.
 */
function replayKeyOf({ id }: Trust, { jti }: Claims, token: string): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  const named = typeof jti === 'string' && jti !== '' ? `jti ${jti}` : `token ${signed}`;
  return createHash('sha256').update(`${id} ${named}`).digest('hex');
}
