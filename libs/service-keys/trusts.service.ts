import { hash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  type InputError,
  type Json,
  type Page,
  type PageRequest,
  type TenantScope,
  canonicalJson,
  coreErrors,
} from '#core';
import { hasPrivateMembers, uuidv7 } from '#crypto';
import { type Committed, Database } from '#database';
import { Issuers, isKeySet } from '#issuers';
import { raiseConfigVersion } from '#tenants';

import { Service, Trust } from './entities.js';
import { trustErrors } from './errors.js';
import { trustEvents } from './events.js';
import { type TrustRules, claimProblems, ruleProblems } from './trust-rules.js';

export interface NewTrust extends TrustRules {
  readonly name: string;
  readonly issuer: string;
  /** The keys of an issuer that this server cannot reach. */
  readonly jwks: Readonly<Record<string, unknown>> | null;
  readonly ttlSeconds: number;
  /** Whether a token is exchanged once. */
  readonly singleUse: boolean;
}

/** Trusts of one service. */
const TRUSTS_MAX = 20;

/** Which workloads may act as a service by tokens of their own issuers. The rules of a trust never change. */
@Injectable()
export class Trusts {
  constructor(
    private readonly database: Database,
    private readonly issuers: Issuers,
  ) {}

  /** @throws NOT_FOUND, VALIDATION_ERROR, TRUST_LIMIT_REACHED */
  async create(scope: TenantScope, serviceId: string, request: NewTrust): Promise<Committed<Trust>> {
    this.requireRules(request);
    return this.database.transaction(scope, async (tx) => {
      await tx.lock(Service, { id: serviceId, state: 'active' });
      if ((await tx.count(Trust, { serviceId })) >= TRUSTS_MAX) throw trustErrors.TRUST_LIMIT_REACHED();
      const trust: Trust = {
        ...request,
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        serviceId,
        createdBy: tx.scope.actor.id,
        createdAt: tx.now,
        lastUsedAt: null,
      };
      await tx.insert(Trust, trust);
      await raiseConfigVersion(tx);
      tx.record(trustEvents.created(trust.id, { after: auditSnapshot(trust) }));
      return trust;
    });
  }

  /** One page, oldest first. @param name only those with exactly this name @throws NOT_FOUND */
  async list(scope: TenantScope, serviceId: string, name: string | undefined, page: PageRequest): Promise<Page<Trust>> {
    return this.database.read(scope, async (view) => {
      await view.get(Service, { id: serviceId, state: 'active' });
      return view.page(Trust, { serviceId, ...(name === undefined ? {} : { name }) }, [['id', 'ASC']], page);
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, serviceId: string, id: string): Promise<Trust> {
    return this.database.read(scope, (view) => view.get(Trust, { id, serviceId }));
  }

  /** Credentials that were exchanged by it are rejected from the next request on. @throws NOT_FOUND */
  async delete(scope: TenantScope, serviceId: string, id: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const trust = await tx.lock(Trust, { id, serviceId });
      await tx.delete(Trust, { id });
      await raiseConfigVersion(tx);
      tx.record(trustEvents.deleted(id, { before: auditSnapshot(trust) }));
    });
  }

  /** @throws VALIDATION_ERROR */
  private requireRules(request: NewTrust): void {
    const { issuer, jwks } = request;
    const malformed = claimProblems(request.claims);
    const errors: InputError[] = malformed.length > 0 ? malformed : ruleProblems(issuer, request);
    // Keys that are given say nothing about what the operator permits.
    if (jwks === null) this.issuers.requireIssuer(issuer);
    else this.issuers.requireListed(issuer);
    if (jwks !== null && (!isKeySet(jwks) || jwks.keys.some((key) => hasPrivateMembers({ ...key })))) {
      errors.push({
        pointer: '/jwks',
        code: 'INVALID_KEY_SET',
        detail: 'a JSON Web Key Set of at most 100 public keys is expected',
      });
    }
    if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
  }
}

const auditSnapshot = (trust: Trust) => {
  const { name, serviceId, issuer, audience, subject, claims, ttlSeconds, singleUse, jwks } = trust;
  // Which keys were trusted can be proved later.
  const jwksSha256 = jwks && hash('sha256', canonicalJson(jwks as Json), 'hex');
  return { name, serviceId, issuer, audience, subject, claims, ttlSeconds, singleUse, jwksSha256 };
};
