import { Injectable } from '@nestjs/common';

import { DomainError, type EpochMilliseconds, type Origin, coreErrors } from '#core';
import { isWellFormedServiceKey } from '#crypto';
import { type Basis, Database } from '#database';
import { Counter } from '#metrics';

import { BEARER, type CallerFacts, shownByService } from './caller-facts.js';
import { CallerDirectory, type CredentialOwner } from './caller-directory.js';
import type { CallerAuthType, CallerRecord } from './caller-record.js';
import { readCallerToken } from './caller-token.js';
import { stateAt } from './lifecycle.js';
import { type JwtCandidate, isSignedWith } from './credential-lookup.js';
import { CredentialFilter } from './credential-filter.js';
import { CredentialSecrets } from './credential-secrets.js';
import { DirectWorkloads, type ForeignToken, foreignTokenOf } from './direct-workloads.service.js';
import { requireUsable } from './credential-use.js';
import type { Service } from './entities.js';
import { FailedAuthentications, sourceOf } from './failed-authentications.js';
import { RefusedUses } from './refused-uses.service.js';
import { workloadSecrets } from './token-exchange.service.js';
import { CredentialUsage } from './usage.js';

export interface AuthenticatedService {
  readonly tenantId: string;
  readonly service: Service;
  readonly credentialId: string;
  readonly authType: CallerAuthType;
  /** What the acceptance depends on. */
  readonly basis: Basis;
}

/**
 * Decides which service a request comes from. A request with a JWT is authenticated by the JWT alone (rule 8); what cannot be
 * right by its form is refused without asking the database.
 */
@Injectable()
export class Authenticator {
  /** How many credentials were accepted, or refused by which code. */
  readonly outcomes = new Counter();

  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly directory: CallerDirectory,
    private readonly usage: CredentialUsage,
    private readonly filter: CredentialFilter,
    private readonly failures: FailedAuthentications,
    private readonly refusedUses: RefusedUses,
    private readonly directWorkloads: DirectWorkloads,
  ) {}

  /**
   * @param options.confirmed `false` where the work that follows goes through `Database.commit`, which confirms what is
   * only remembered; otherwise it is confirmed here
   * @param options.owner whose the credential is, where `introduce` has found that out
   * @throws CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, CREDENTIAL_INACTIVE, CREDENTIAL_EXPIRED, CREDENTIAL_COMPROMISED,
   * TENANT_SUSPENDED, IP_NOT_ALLOWED; RATE_LIMITED in place of INVALID_CREDENTIALS where the source of the credential is
   * beyond its quota of failures
   */
  async authenticate(
    received: CallerFacts,
    origin: Origin,
    { confirmed = true, owner }: { readonly confirmed?: boolean; readonly owner?: CredentialOwner | undefined } = {},
  ): Promise<AuthenticatedService> {
    const facts = shownByService(received);
    if (facts.authorization === undefined && !facts.serviceKey) throw coreErrors.CREDENTIALS_REQUIRED();
    const authenticated = await this.counting(facts, origin, async () =>
      this.decide(facts, origin, confirmed, owner ?? (await this.identify(facts, origin))),
    );
    this.outcomes.increment('accepted');
    return authenticated;
  }

  /**
   * What `authenticate` writes about a token of another issuer that it sees for the first time, for work that is prepared
   * without writing.
   * @returns whose credential it is; `undefined` for every other credential
   * @throws as `authenticate`
   */
  async introduce(received: CallerFacts, origin: Origin): Promise<CredentialOwner | undefined> {
    const facts = shownByService(received);
    const foreign = foreignTokenIn(facts);
    return foreign && this.counting(facts, origin, async () => this.ofWorkload(foreign, facts, origin));
  }

  /** Counts a rejection, and what may be a guess where there were too many. */
  private async counting<Result>(facts: CallerFacts, origin: Origin, work: () => Promise<Result>): Promise<Result> {
    const source = failureSource(facts, origin);
    try {
      if (this.failures.isExhausted(source) && !(await this.filter.mayBeGenuine(facts))) {
        throw this.failures.rejection(source);
      }
      return await work();
    } catch (error) {
      const isUnknown = error instanceof DomainError && error.code === coreErrors.INVALID_CREDENTIALS.code;
      const rejection = isUnknown ? await this.failures.count(source, error) : error;
      this.outcomes.increment(rejection instanceof DomainError ? rejection.code : coreErrors.INTERNAL_ERROR.code);
      throw rejection;
    }
  }

  private async decide(
    facts: CallerFacts,
    origin: Origin,
    confirmed: boolean,
    owner: CredentialOwner,
  ): Promise<AuthenticatedService> {
    if (owner.tenantId !== (facts.tenantId ?? owner.tenantId)) throw coreErrors.INVALID_CREDENTIALS();
    let rejected: { readonly record: CallerRecord; readonly error: unknown } | undefined;
    try {
      const decide = async (): Promise<AuthenticatedService> => {
        const { value: record, basis } = await this.directory.record(owner);
        const now = this.database.now();
        try {
          const service = requireUsable(record, facts.sourceAddress, now);
          const { id: credentialId, tenantId, authType } = record.credential;
          this.usage.note(record.credential, now);
          return { tenantId, service, credentialId, authType, basis };
        } catch (error) {
          rejected = { record, error };
          throw error;
        }
      };
      const { tenantId } = owner;
      return await (confirmed ? this.database.confirming(tenantId, decide) : this.database.deciding(tenantId, decide));
    } catch (error) {
      if (rejected?.error === error) await this.noteRejection(rejected!.record, error, facts, origin);
      throw error;
    }
  }

  /** Here the secret of the credential is proven: no other caller can write into the history of its service. */
  private async noteRejection(
    { credential, service, tenantState }: CallerRecord,
    error: unknown,
    { sourceAddress, requestId }: CallerFacts,
    origin: Origin,
  ): Promise<void> {
    if (!(error instanceof DomainError) || tenantState === 'deleted') return;
    const code = credential.state === 'deleted' ? 'CREDENTIAL_DELETED' : error.code;
    const use = { credential, service, at: this.database.now(), code, sourceAddress };
    await this.refusedUses.note({ ...use, requestId: requestId ?? origin.requestId });
  }

  private async identify(facts: CallerFacts, origin: Origin): Promise<CredentialOwner> {
    const { authorization, serviceKey = '' } = facts;
    if (authorization !== undefined) {
      const token = BEARER.exec(authorization)?.groups?.['token'];
      if (token === undefined) throw coreErrors.INVALID_CREDENTIALS();
      const foreign = foreignTokenIn(facts);
      if (foreign) return this.ofWorkload(foreign, facts, origin);
      return workloadSecrets.isWellFormed(token) ? this.byHash(token, 'workload') : this.byToken(token);
    }
    if (workloadSecrets.isWellFormed(serviceKey)) return this.byHash(serviceKey, 'workload');
    if (!isWellFormedServiceKey(serviceKey)) throw coreErrors.INVALID_CREDENTIALS();
    return this.byHash(serviceKey, 'service_key');
  }

  private async ofWorkload(foreign: ForeignToken, facts: CallerFacts, origin: Origin): Promise<CredentialOwner> {
    return this.directWorkloads.ownerOf(foreign, { ...facts, requestId: facts.requestId ?? origin.requestId });
  }

  private async byHash(secret: string, kind: 'service_key' | 'workload'): Promise<CredentialOwner> {
    // A keyed hash: how long its look-up takes tells nothing about a secret.
    const owner = await this.directory.ownerOf(this.secrets.lookupHash(secret), kind);
    if (!owner) throw coreErrors.INVALID_CREDENTIALS();
    return owner;
  }

  private async byToken(text: string): Promise<CredentialOwner> {
    const token = readCallerToken(text, this.database.now());
    // By its form and its times alone: what is said of them tells nothing about secrets.
    if ('refused' in token) throw coreErrors.INVALID_CREDENTIALS(`The JWT is rejected: ${token.refused}`);
    const { issuer, jws } = token;
    const tenantId = await this.directory.tenantOfIssuer(issuer);
    if (tenantId === undefined) throw coreErrors.INVALID_CREDENTIALS();
    return this.database.deciding(tenantId, async () => {
      const { value: candidates } = await this.directory.candidatesOf(tenantId, issuer);
      const now = this.database.now();
      // An active credential answers before an ended one that happens to have the same secret's signature.
      const byUse = candidates.toSorted((a, b) => usefulness(b, now) - usefulness(a, now));
      for (const { credential, key } of byUse) {
        if (await isSignedWith(key, jws)) return { tenantId, credentialId: credential.id };
      }
      throw coreErrors.INVALID_CREDENTIALS();
    });
  }
}

/** What a request shows of a workload, unless that is an exchanged credential. */
function foreignTokenIn({ authorization, serviceId }: CallerFacts): ForeignToken | undefined {
  return foreignTokenOf(BEARER.exec(authorization ?? '')?.groups?.['token'] ?? '', serviceId);
}

/**
 * Where failures are counted: the network that the credential came from. A gateway asks about credentials of others: they
 * are counted within its tenant by the address that it names, or together where it names none.
 */
function failureSource({ sourceAddress, tenantId }: CallerFacts, { actor }: Origin): string {
  if (tenantId === undefined) return sourceOf(sourceAddress);
  return `tenant:${tenantId}:${sourceAddress === null ? `gateway:${actor.id}` : sourceOf(sourceAddress)}`;
}

const usefulness = ({ credential }: JwtCandidate, now: EpochMilliseconds): number =>
  stateAt(credential, now) === 'active' ? 1 : 0;
