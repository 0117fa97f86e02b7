import { Injectable } from '@nestjs/common';

import { type Origin, SECOND, type Secret } from '#core';
import { prefixedSecret } from '#crypto';

import { CredentialSecrets } from './credential-secrets.js';
import { trustErrors } from './errors.js';
import { trustEvents } from './events.js';
import { FailedAuthentications, sourceOf } from './failed-authentications.js';
import { WorkloadTokens, refusalOf } from './workload-tokens.service.js';

/** What a workload gets for its token. */
export interface ExchangedToken {
  readonly accessToken: Secret;
  readonly expiresInSeconds: number;
}

/** The secrets of workload credentials; only their keyed hashes are stored. */
export const workloadSecrets = prefixedSecret('cwc_');

/**
 * RFC 8693: a workload shows a token of its own issuer and gets a short credential of the service. Nothing that the
 * workload keeps is a secret of ours.
 */
@Injectable()
export class TokenExchange {
  constructor(
    private readonly secrets: CredentialSecrets,
    private readonly tokens: WorkloadTokens,
    private readonly failures: FailedAuthentications,
  ) {}

  /**
   * @param serviceId the service that the workload wants to act as
   * @throws SUBJECT_TOKEN_REJECTED for a service that does not exist, one without such a trust, and a token that none of
   *   its trusts accepts, alike; TENANT_SUSPENDED; RATE_LIMITED where the address is beyond its quota of failures
   */
  async exchange(
    { requestId, sourceAddress }: Origin,
    serviceId: string,
    subjectToken: string,
  ): Promise<ExchangedToken> {
    const source = sourceOf(sourceAddress);
    if (this.failures.isExhausted(source)) throw this.failures.rejection(source);
    const accessToken = workloadSecrets.generate();
    const lookupHash = this.secrets.lookupHash(accessToken.reveal());
    const request = { serviceId, token: subjectToken, requestId, sourceAddress };
    try {
      const { createdAt, expiresAt } = await this.tokens.admit(request, ({ trust }, now) => ({
        lookupHash,
        expiresAt: now + trust.ttlSeconds * SECOND,
        event: trustEvents.exchanged,
      }));
      return { accessToken, expiresInSeconds: (expiresAt - createdAt) / SECOND };
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
      throw await this.failures.count(source, trustErrors.SUBJECT_TOKEN_REJECTED());
    }
  }
}
