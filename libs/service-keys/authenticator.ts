import { createSecretKey, timingSafeEqual } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type Actor, type DomainError, type Origin, coreErrors, platformScope } from '#core';
import { algorithm, isWellFormedServiceKey } from '#crypto';
import { Database, Not, type View } from '#database';
import { tenantErrors, tenantState } from '#tenants';

import { isAddressAllowed } from './allowed-addresses.js';
import type { AuthType } from './auth-types.js';
import { readCallerToken } from './caller-token.js';
import { type CredentialState, stateAt } from './credential-lifecycle.js';
import { CredentialSecrets } from './credential-secrets.js';
import { Credential, Service } from './entities.js';
import { callerErrors } from './errors.js';
import { CredentialUsage } from './usage.js';

/** What a request carries to prove which service sends it. */
export interface CallerFacts {
  /** The `Authorization` header, whole. */
  readonly authorization?: string | undefined;
  /** The `X-Service-Key` header (or the vendor's `key`). */
  readonly serviceKey?: string | undefined;
  readonly sourceAddress: string | null;
  /** Where a gateway asks: only credentials of its own tenant are known. */
  readonly tenantId?: string | undefined;
}

export interface AuthenticatedService {
  readonly tenantId: string;
  readonly service: Service;
  readonly credentialId: string;
  readonly authType: AuthType;
}

const BEARER = /^Bearer +(?<token>\S+)$/i;
const CREDENTIALS_TRIED_MAX = 50;

const refusals: Partial<Record<CredentialState, () => DomainError>> = {
  inactive: callerErrors.CREDENTIAL_INACTIVE,
  expired: callerErrors.CREDENTIAL_EXPIRED,
  compromised: callerErrors.CREDENTIAL_COMPROMISED,
};

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
  ) {}

  /**
   * @throws CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, CREDENTIAL_INACTIVE, CREDENTIAL_EXPIRED, CREDENTIAL_COMPROMISED,
   * TENANT_SUSPENDED, IP_NOT_ALLOWED
   */
  async authenticate(facts: CallerFacts, origin: Origin): Promise<AuthenticatedService> {
    return this.database.readPlatform(platformScope(origin), async (view) => {
      const credential = await this.identify(view, facts);
      if (credential.tenantId !== (facts.tenantId ?? credential.tenantId)) throw coreErrors.INVALID_CREDENTIALS();
      const state = stateAt(credential, view.now);
      if (state !== 'active') throw (refusals[state] ?? coreErrors.INVALID_CREDENTIALS)();
      const service = await view.findOne(Service, { id: credential.serviceId, state: 'active' });
      const tenant = await tenantState(view, credential.tenantId);
      if (!service || tenant === 'deleted') throw coreErrors.INVALID_CREDENTIALS();
      if (tenant === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
      if (!isAddressAllowed(service.allowedCidrs, facts.sourceAddress)) throw callerErrors.IP_NOT_ALLOWED();
      this.usage.note(credential.id, view.now);
      const { tenantId, id: credentialId, authType } = credential;
      return { tenantId, service, credentialId, authType };
    });
  }

  private async identify(view: View, { authorization, serviceKey }: CallerFacts): Promise<Credential> {
    if (authorization !== undefined) {
      const token = BEARER.exec(authorization)?.groups?.['token'];
      if (token === undefined) throw coreErrors.INVALID_CREDENTIALS();
      return this.byToken(view, token);
    }
    if (serviceKey === undefined || serviceKey === '') throw coreErrors.CREDENTIALS_REQUIRED();
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
    if ('refused' in token) throw coreErrors.INVALID_CREDENTIALS();
    const { issuer, jws } = token;
    const shared = { authType: 'jwt' as const, state: Not('deleted' as const) };
    // With the tenant the index over services can be used; the id alone is the primary key.
    const service = await view.findOne(Service, { id: issuer });
    const candidates = await view.find(
      Credential,
      service ? { tenantId: service.tenantId, serviceId: issuer, ...shared } : { id: issuer, ...shared },
      // `active` is the first state of the alphabet: however many ended before, those that may be good are tried.
      { order: { state: 'ASC', id: 'DESC' }, limit: CREDENTIALS_TRIED_MAX },
    );
    const tenantId = candidates[0]?.tenantId;
    // The data key of a deleted tenant is gone: its secrets cannot be opened any more.
    if (tenantId === undefined || (await tenantState(view, tenantId)) === 'deleted') {
      throw coreErrors.INVALID_CREDENTIALS();
    }
    // An active credential answers before an ended one that happens to have the same secret's signature.
    const byUse = candidates.toSorted((a, b) => usefulness(b, view) - usefulness(a, view));
    for (const candidate of byUse) {
      const secret = await this.secrets.open(view, candidate);
      const key = createSecretKey(Buffer.from(secret.reveal(), 'base64'));
      if (await algorithm('HS256').verify(jws.signingInput, jws.signature, key)) return candidate;
    }
    throw coreErrors.INVALID_CREDENTIALS();
  }
}

const usefulness = (credential: Credential, { now }: View): number => (stateAt(credential, now) === 'active' ? 1 : 0);

/** The service as the actor of what it asks for. */
export const serviceActor = ({ service, credentialId }: AuthenticatedService): Actor => ({
  type: 'service',
  id: service.id,
  name: service.name,
  credentialId,
});
