import { Injectable } from '@nestjs/common';

import type { EpochMilliseconds, TenantScope } from '#core';
import { type Committed, Database, type Tx } from '#database';
import { type ApiTokenState, ApiTokens, apiTokenStateAt, raiseConfigVersion } from '#tenants';

import { type CallerAuthType, exchangedCredentialOf } from './caller-record.js';
import { type CredentialState, stateAt } from './lifecycle.js';
import { CredentialSecrets } from './credential-secrets.js';
import { type Compromised, Credentials } from './credentials.service.js';
import { Credential, WorkloadCredential } from './entities.js';
import { credentialEvents } from './events.js';
import { workloadSecrets } from './token-exchange.service.js';

/** What a string turned out to be. */
interface LeakFinding {
  readonly credentialId: string;
  readonly serviceId: string;
  readonly authType: CallerAuthType;
  /** The effective state; `deleted` for one that was a credential once. */
  readonly state: CredentialState;
  readonly lastUsedAt: EpochMilliseconds | null;
}

export interface LeakCheck {
  readonly finding: LeakFinding | undefined;
  /** Where the caller asked for it and the credential was still live. */
  readonly compromised: Compromised | undefined;
  /** Where the string is, or was, an API token of the tenant; the caller may have asked to revoke it. */
  readonly apiToken: LeakedApiToken | undefined;
}

export interface LeakedApiToken {
  readonly id: string;
  readonly name: string;
  /** After what the caller asked for. */
  readonly state: ApiTokenState;
  readonly lastUsedAt: EpochMilliseconds | null;
}

/** The text of a service key or of a JWT secret; what is longer is neither. */
const SECRET_LENGTH_MAX = 100;

/** Says whether a string that turned up somewhere is, or was, one of the tenant's credentials. */
@Injectable()
export class Leaks {
  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly credentials: Credentials,
    private readonly apiTokens: ApiTokens,
  ) {}

  /**
   * One keyed hash and one look-up by it; the string is stored nowhere.
   * @param compromise whether a live credential that is found is marked as compromised; one of a workload expires
   */
  async check(scope: TenantScope, secret: string, compromise: boolean): Promise<Committed<LeakCheck>> {
    const lookupHash = secret.length <= SECRET_LENGTH_MAX ? this.secrets.lookupHash(secret.trim()) : '';
    const isOfWorkload = workloadSecrets.isWellFormed(secret.trim());
    const apiTokenHash = await this.apiTokens.hashOf(secret.trim());
    return this.database.transaction(scope, async (tx) => {
      if (apiTokenHash !== undefined) return this.checkApiToken(tx, apiTokenHash, compromise);
      if (isOfWorkload) return this.checkWorkloadCredential(tx, lookupHash, compromise);
      const credential = await tx.findOne(Credential, { lookupHash });
      const finding = credential && {
        credentialId: credential.id,
        serviceId: credential.serviceId,
        authType: credential.authType,
        state: stateAt(credential, tx.now),
        lastUsedAt: credential.lastUsedAt,
      };
      const targetId = credential?.id ?? scope.tenantId;
      const details = { found: finding !== null, ...(finding ? { state: finding.state } : {}) };
      tx.record(credentialEvents.leak_checked(targetId, { credentialId: credential?.id, details }));
      const live = finding && (finding.state === 'active' || finding.state === 'inactive');
      const compromised =
        compromise && live
          ? await this.credentials.compromiseIn(tx, finding.serviceId, finding.credentialId, 'leaked')
          : undefined;
      return { finding: finding ?? undefined, compromised, apiToken: undefined };
    });
  }

  /** It has no successor: the workload exchanges another token. */
  private async checkWorkloadCredential(tx: Tx, lookupHash: string, compromise: boolean): Promise<LeakCheck> {
    const none = { compromised: undefined, apiToken: undefined };
    const exchanged = await tx.findOne(WorkloadCredential, { lookupHash });
    const credential = exchanged && (await exchangedCredentialOf(tx, exchanged));
    const state = credential && stateAt(credential, tx.now);
    const targetId = credential?.id ?? tx.scope.tenantId;
    const details = { found: credential !== null, kind: 'workload', ...(state ? { state } : {}) };
    tx.record(credentialEvents.leak_checked(targetId, { credentialId: credential?.id, details }));
    if (!credential || !state) return { ...none, finding: undefined };
    const { id, serviceId, authType } = credential;
    const finding = { credentialId: id, serviceId, authType, state, lastUsedAt: null };
    if (!compromise || state !== 'active') return { ...none, finding };
    // The row stays as long as before: the token that it came by counts as used.
    await tx.update(WorkloadCredential, { id }, { expiresAt: tx.now });
    await raiseConfigVersion(tx);
    const ended = { serviceId, authType, reason: 'leaked' };
    tx.record(credentialEvents.compromised(id, { credentialId: id, details: ended }));
    return { ...none, finding: { ...finding, state: stateAt({ ...credential, expiresAt: tx.now }, tx.now) } };
  }

  private async checkApiToken(tx: Tx, lookupHash: string, revoke: boolean): Promise<LeakCheck> {
    const found = await this.apiTokens.findIn(tx, lookupHash);
    const targetId = found?.id ?? tx.scope.tenantId;
    const details = { found: found !== undefined, kind: 'api-token' };
    tx.record(credentialEvents.leak_checked(targetId, { credentialId: found?.id, details }));
    const none = { finding: undefined, compromised: undefined };
    if (!found) return { ...none, apiToken: undefined };
    const { id, name, lastUsedAt } = found;
    if (revoke) await this.apiTokens.revokeIn(tx, id);
    return { ...none, apiToken: { id, name, lastUsedAt, state: revoke ? 'revoked' : apiTokenStateAt(found, tx.now) } };
  }
}
