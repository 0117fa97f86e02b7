import { Injectable } from '@nestjs/common';

import { AcmeBindings } from '#acme';
import { Webhooks } from '#announcements';
import { INSTALLATION_ID, type PlatformScope, type TenantScope, coreErrors } from '#core';
import { type IdempotencyClaim, IdempotencyRecords } from '#idempotency';
import { CallerDirectory, SecretRepetition } from '#service-keys';
import { Signing } from '#signing';
import { ApiTokens, Invitations, PasswordResets } from '#tenants';

import { isAcmeBinding } from './admin/acme.contract.js';
import { isApiToken } from './admin/api-tokens.contract.js';
import { isReset } from './admin/auth.contract.js';
import { isInvitation } from './admin/invitations.contract.js';
import { isWebhookSecret } from './admin/webhooks.contract.js';
import type { GrantedService } from './callers.js';
import type { KeyClaim, KeyReservation, SecretReference, StoredAnswer } from './http/answer-once.js';
import { type Claimant, IdempotencyStore } from './http/idempotency.guard.js';
import { isCredential, isToken } from './secret-references.js';

/** Stores the shell's answers in the database, sealed, and opens their secrets again by the rules of their kind. */
@Injectable()
export class SealedAnswers extends IdempotencyStore {
  constructor(
    private readonly records: IdempotencyRecords,
    private readonly callers: CallerDirectory,
    private readonly secrets: SecretRepetition,
    private readonly signing: Signing,
    private readonly apiTokens: ApiTokens,
    private readonly webhooks: Webhooks,
    private readonly acmeBindings: AcmeBindings,
    private readonly invitations: Invitations,
    private readonly resets: PasswordResets,
  ) {
    super();
  }

  override async claim({ scope, principal }: Claimant, key: string, payloadHash: string) {
    // An answer is read without a transaction, and the guard of some routes leaves it to their work to confirm the caller.
    if (principal.kind === 'service' && isOfTenant(scope)) await this.callers.confirm(scope);
    const found = await this.records.claim(scope, key, payloadHash);
    if ('claim' in found) return { claim: this.claimOf(found.claim) };
    return { answer: JSON.parse(found.answer.toString()) as StoredAnswer };
  }

  override async reserve({ scope }: Claimant, key: string, payloadHash: string): Promise<KeyReservation | undefined> {
    if (!isOfTenant(scope)) return undefined;
    const reservation = await this.records.reserve(scope, key, payloadHash);
    if (!reservation) return undefined;
    const { record, ...kept } = reservation;
    return { ...kept, row: (tx, answer, until) => record(tx, Buffer.from(JSON.stringify(answer)), until) };
  }

  /** Credentials by the rules of revealing, tokens while they may still be used; each with its event. */
  override async reopen(
    { scope, principal }: Claimant,
    references: readonly SecretReference[],
  ): Promise<readonly string[]> {
    if (isOfTenant(scope) && references.every(isCredential)) {
      const secrets = await this.secrets.reveal(scope, references);
      return secrets.map((secret) => secret.reveal());
    }
    if (isOfTenant(scope) && principal.kind === 'service' && references.every(isToken)) {
      await this.signing.recordRepetition(scope, principal as GrantedService, references);
      return references.map(({ token }) => token);
    }
    if (isOfTenant(scope) && references.every(isApiToken)) {
      await this.apiTokens.recordRepetition(
        scope,
        references.map(({ apiTokenId }) => apiTokenId),
      );
      return references.map(({ token }) => token);
    }
    if (isOfTenant(scope) && references.every(isWebhookSecret)) {
      await this.webhooks.recordRepetition(
        scope,
        references.map(({ webhookId }) => webhookId),
      );
      return references.map(({ secret }) => secret);
    }
    if (isOfTenant(scope) && references.every(isAcmeBinding)) {
      const keys: string[] = [];
      for (const { bindingId } of references) keys.push((await this.acmeBindings.repeat(scope, bindingId)).reveal());
      return keys;
    }
    if (references.every(isInvitation)) {
      for (const { token } of references) await this.invitations.recordRepetition(scope, token);
      return references.map(({ token }) => token);
    }
    if (references.every(isReset)) {
      for (const { token } of references) await this.resets.recordRepetition(scope, token);
      return references.map(({ token }) => token);
    }
    throw coreErrors.INTERNAL_ERROR('The stored answer holds secrets of a kind that nothing opens');
  }

  private claimOf(claim: IdempotencyClaim): KeyClaim {
    return {
      complete: (tx, answer, until) => this.records.complete(tx, claim, Buffer.from(JSON.stringify(answer)), until),
      finish: () => this.records.finish(claim),
      release: () => this.records.release(claim),
    };
  }
}

const isOfTenant = (scope: TenantScope | PlatformScope): scope is TenantScope => scope.tenantId !== INSTALLATION_ID;
