import { timingSafeEqual } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type Actor, DomainError, type Origin, coreErrors, platformScope } from '#core';
import { algorithm, isWellFormedServiceKey } from '#crypto';
import { Database, type View } from '#database';
import { tenantState } from '#tenants';

import type { AuthType } from './auth-types.js';
import { BEARER, type CallerFacts, shownByService } from './caller-facts.js';
import { readCallerToken } from './caller-token.js';
import { stateAt } from './credential-lifecycle.js';
import { CredentialFilter } from './credential-filter.js';
import { jwtCredentialsOf, signingKeyOf } from './credential-lookup.js';
import { CredentialSecrets } from './credential-secrets.js';
import { requireUsable } from './credential-use.js';
import { Credential, Service } from './entities.js';
import { FailedAuthentications, sourceOf } from './failed-authentications.js';
import { RefusedUses } from './refused-uses.service.js';
import { CredentialUsage } from './usage.js';

export interface AuthenticatedService {
  readonly tenantId: string;
  readonly service: Service;
  readonly credentialId: string;
  readonly authType: AuthType;
}

/**
 * Decides which service a request comes from. A request with a JWT is judged by the JWT alone (rule 8); what cannot be
 * right by its form is refused without asking the database.
 */
@Injectable()
export class Authenticator {
  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly usage: CredentialUsage,
    private readonly filter: CredentialFilter,
    private readonly failures: FailedAuthentications,
    private readonly refusedUses: RefusedUses,
  ) {}

  /**
   * @throws CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, CREDENTIAL_INACTIVE, CREDENTIAL_EXPIRED, CREDENTIAL_COMPROMISED,
   * TENANT_SUSPENDED, IP_NOT_ALLOWED; RATE_LIMITED in place of INVALID_CREDENTIALS where the source of the credential is
   * beyond its quota of failures
   */
  async authenticate(received: CallerFacts, origin: Origin): Promise<AuthenticatedService> {
    const facts = shownByService(received);
    if (facts.authorization === undefined && !facts.serviceKey) throw coreErrors.CREDENTIALS_REQUIRED();
    const source = failureSource(facts, origin);
    if (this.failures.isExhausted(source) && !(await this.filter.mayBeGenuine(facts))) {
      throw this.failures.rejection(source);
    }
    try {
      return await this.judge(facts, origin);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== coreErrors.INVALID_CREDENTIALS.code) throw error;
      throw await this.failures.count(source, error);
    }
  }

  private async judge(facts: CallerFacts, origin: Origin): Promise<AuthenticatedService> {
    const judged = await this.database.readPlatform(platformScope(origin), async (view) => {
      const credential = await this.identify(view, facts);
      if (credential.tenantId !== (facts.tenantId ?? credential.tenantId)) throw coreErrors.INVALID_CREDENTIALS();
      const found = await view.findOne(Service, { id: credential.serviceId });
      const state = await tenantState(view, credential.tenantId);
      try {
        const service = found?.state === 'active' ? found : null;
        const usable = requireUsable({ credential, service, tenantState: state }, facts.sourceAddress, view.now);
        this.usage.note(credential.id, view.now);
        const { tenantId, id: credentialId, authType } = credential;
        return { caller: { tenantId, service: usable, credentialId, authType } };
      } catch (error) {
        if (!(error instanceof DomainError) || state === 'deleted') throw error;
        return { error, use: { credential, service: found, at: view.now } };
      }
    });
    if ('caller' in judged) return judged.caller;
    const { error, use } = judged;
    // Here its secret is proven: nobody else can write into the history of its service.
    const code = use.credential.state === 'deleted' ? 'CREDENTIAL_DELETED' : error.code;
    const { sourceAddress } = facts;
    await this.refusedUses.note({ ...use, code, sourceAddress, requestId: facts.requestId ?? origin.requestId });
    throw error;
  }

  private async identify(view: View, { authorization, serviceKey = '' }: CallerFacts): Promise<Credential> {
    if (authorization !== undefined) {
      const token = BEARER.exec(authorization)?.groups?.['token'];
      if (token === undefined) throw coreErrors.INVALID_CREDENTIALS();
      return this.byToken(view, token);
    }
    return this.byServiceKey(view, serviceKey);
  }

  private async byServiceKey(view: View, serviceKey: string): Promise<Credential> {
    if (!isWellFormedServiceKey(serviceKey)) throw coreErrors.INVALID_CREDENTIALS();
    const lookupHash = this.secrets.lookupHash(serviceKey);
    const credential = await view.findOne(Credential, { lookupHash, authType: 'service_key' });
    const found = Buffer.from(credential?.lookupHash ?? ''.padEnd(lookupHash.length, '0'));
    if (!timingSafeEqual(found, Buffer.from(lookupHash)) || !credential) throw coreErrors.INVALID_CREDENTIALS();
    return credential;
  }

  private async byToken(view: View, text: string): Promise<Credential> {
    const token = readCallerToken(text, view.now);
    // By its form and its times alone: what is said of them tells nothing about secrets.
    if ('refused' in token) throw coreErrors.INVALID_CREDENTIALS(`The JWT is rejected: ${token.refused}`);
    const { issuer, jws } = token;
    const candidates = await jwtCredentialsOf(this.secrets, view, issuer);
    const tenantId = candidates[0]?.tenantId;
    // The data key of a deleted tenant is gone: its secrets cannot be opened any more.
    if (tenantId === undefined || (await tenantState(view, tenantId)) === 'deleted') {
      throw coreErrors.INVALID_CREDENTIALS();
    }
    // An active credential answers before an ended one that happens to have the same secret's signature.
    const byUse = candidates.toSorted((a, b) => usefulness(b, view) - usefulness(a, view));
    for (const candidate of byUse) {
      const key = await signingKeyOf(this.secrets, view, candidate);
      if (await algorithm('HS256').verify(jws.signingInput, jws.signature, key)) return candidate;
    }
    throw coreErrors.INVALID_CREDENTIALS();
  }
}

/**
 * Where failures are counted: the network that the credential came from. A gateway asks about credentials of others: they
 * are counted within its tenant by the address that it names, or together where it names none.
 */
function failureSource({ sourceAddress, tenantId }: CallerFacts, { actor }: Origin): string {
  if (tenantId === undefined) return sourceOf(sourceAddress);
  return `tenant:${tenantId}:${sourceAddress === null ? `gateway:${actor.id}` : sourceOf(sourceAddress)}`;
}

const usefulness = (credential: Credential, { now }: View): number => (stateAt(credential, now) === 'active' ? 1 : 0);

/** The service as the actor of what it asks for. */
export const serviceActor = ({ service, credentialId }: AuthenticatedService): Actor => ({
  type: 'service',
  id: service.id,
  name: service.name,
  credentialId,
});
