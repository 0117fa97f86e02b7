import { Injectable } from '@nestjs/common';

import { Restorations } from '#backup';
import { coreErrors, isUuid } from '#core';
import { isWellFormedServiceKey } from '#crypto';
import { readUnproven } from '#issuers';

import { CallerDirectory, type CredentialOwner } from './caller-directory.js';
import type { CallerFacts } from './caller-facts.js';
import { CredentialSecrets } from './credential-secrets.js';
import { callerErrors } from './errors.js';
import { trustEvents } from './events.js';
import { workloadSecrets } from './token-exchange.service.js';
import { acceptedUntil } from './trust-rules.js';
import { WorkloadTokens, refusalOf } from './workload-tokens.service.js';

/** A token of another issuer, and the service that its workload wants to act as. */
export interface ForeignToken {
  readonly token: string;
  readonly serviceId: string;
}

/** Strict base64url (RFC 7515 §2): other ways to write the same bytes would each be a token to verify and to keep. */
const COMPACT_JWS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}$/;

/**
 * @param token as it came in `Authorization: Bearer`
 * @returns `undefined` for what is checked otherwise: a token that names a service or a service key as its issuer
 */
export function foreignTokenOf(token: string, serviceId: string | undefined): ForeignToken | undefined {
  if (serviceId === undefined || !COMPACT_JWS.test(token)) return undefined;
  const issuer = readUnproven(token)?.iss;
  if (issuer === undefined || isUuid(issuer) || isWellFormedServiceKey(issuer)) return undefined;
  return { token, serviceId };
}

/**
 * Workloads that call with the token of their own issuer, without an exchange. At its first request the token becomes the
 * secret of a credential that ends with it: from then on it is found, checked and withdrawn as those are that were
 * exchanged.
 */
@Injectable()
export class DirectWorkloads {
  constructor(
    private readonly directory: CallerDirectory,
    private readonly secrets: CredentialSecrets,
    private readonly tokens: WorkloadTokens,
    private readonly restorations: Restorations,
  ) {}

  /** The credential of a token that was accepted before; one of a trust that accepts it once is not found again. */
  async known(shown: ForeignToken): Promise<CredentialOwner | undefined> {
    return this.directory.ownerOf(this.hashOf(shown), 'workload');
  }

  /**
   * The same, or that of a token which is accepted now.
   * @throws INVALID_CREDENTIALS for every token that no trust of the service accepts, and for a service that does not exist;
   *   IP_NOT_ALLOWED; TENANT_SUSPENDED
   */
  async ownerOf(shown: ForeignToken, facts: CallerFacts & { readonly requestId: string }): Promise<CredentialOwner> {
    return (await this.known(shown)) ?? this.admit(shown, facts);
  }

  /** By the service, too: the token may be trusted for several. A restoration may have brought an ended trust back. */
  hashOf({ token, serviceId }: ForeignToken): string {
    return this.secrets.lookupHash(`workload ${serviceId} ${this.restorations.lastAt ?? 0} ${token}`);
  }

  private async admit(
    shown: ForeignToken,
    { requestId, sourceAddress, tenantId }: CallerFacts & { readonly requestId: string },
  ): Promise<CredentialOwner> {
    const request = { ...shown, requestId, sourceAddress, tenantId };
    try {
      const credential = await this.tokens.admit(request, ({ trust, claims }) => ({
        // Under a secret that is not kept, the next request with the token does not find it.
        lookupHash: trust.singleUse ? this.secrets.lookupHash(workloadSecrets.generate().reveal()) : this.hashOf(shown),
        expiresAt: acceptedUntil(claims),
        event: trustEvents.accepted,
      }));
      return { tenantId: credential.tenantId, credentialId: credential.id };
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      const owner = reason === 'ALREADY_ADMITTED' ? await this.known(shown) : undefined;
      if (owner) return owner;
      // Here the token is proven.
      throw reason === 'IP_NOT_ALLOWED' ? callerErrors.IP_NOT_ALLOWED() : coreErrors.INVALID_CREDENTIALS();
    }
  }
}
