import { Injectable } from '@nestjs/common';

import { type TenantScope, coreErrors, isUuid, platformScope, systemOrigin } from '#core';
import { type Basis, Database, type Kept, type Known, TransactionMisuse, type View, spanAround } from '#database';
import { type TenantState, requireActive, tenantState } from '#tenants';

import { type JwtCandidate, jwtCandidatesOf } from './credential-lookup.js';
import { CredentialSecrets } from './credential-secrets.js';
import { type CallerRecord, callerRecordOf } from './caller-record.js';
import { requireUsable } from './credential-use.js';
import { Credential, Service, WorkloadCredential } from './entities.js';

/** Who calls, by what is known of the tenant's configuration. */
interface PresentCaller {
  /** Names of the token profiles that a service may use; `undefined` for callers without a credential. */
  readonly grants: readonly string[] | undefined;
  readonly basis: Basis;
}

/** Whose a proven secret is. */
export interface CredentialOwner {
  readonly tenantId: string;
  readonly credentialId: string;
}

const CREDENTIALS_MAX = 50_000;
const ISSUERS_MAX = 20_000;
const TENANTS_MAX = 20_000;
const SCOPE = platformScope(systemOrigin('caller-directory'));
/** The clock changes nothing about it. */
const ANY_TIME = { from: -Infinity, until: Infinity };

/**
 * Credentials and their services in memory, so that a request costs no query. What is done on their word goes through
 * `Database.commit`, which finds out where another process has changed them.
 */
@Injectable()
export class CallerDirectory {
  readonly #records: Kept<CallerRecord | undefined>;
  readonly #candidates: Kept<readonly JwtCandidate[]>;
  readonly #tenants: Kept<TenantState>;
  /** Whose a secret is never changes: what becomes of the credential is in its record. */
  readonly #owners = new Map<string, CredentialOwner>();
  readonly #issuers = new Map<string, string>();

  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
  ) {
    this.#records = database.keep('callers', CREDENTIALS_MAX);
    this.#candidates = database.keep('caller keys', ISSUERS_MAX);
    this.#tenants = database.keep('tenants', TENANTS_MAX);
  }

  /** The credential of this kind with this look-up hash. */
  async ownerOf(
    lookupHash: string,
    kind: 'service_key' | 'workload' = 'service_key',
  ): Promise<CredentialOwner | undefined> {
    const known = this.#owners.get(lookupHash);
    if (known) return known;
    const found = await this.database.readPlatform(
      SCOPE,
      async (view): Promise<Pick<Credential, 'id' | 'tenantId'> | null> =>
        kind === 'workload'
          ? view.findOne(WorkloadCredential, { lookupHash })
          : view.findOne(Credential, { lookupHash, authType: kind }),
    );
    if (!found) return undefined;
    const owner = { tenantId: found.tenantId, credentialId: found.id };
    remember(this.#owners, lookupHash, owner, CREDENTIALS_MAX);
    return owner;
  }

  /** The tenant of a service, or of a JWT credential, with this id, or of this service key. */
  async tenantOfIssuer(issuer: string): Promise<string | undefined> {
    if (!isUuid(issuer)) return (await this.ownerOf(this.secrets.lookupHash(issuer)))?.tenantId;
    const known = this.#issuers.get(issuer);
    if (known !== undefined) return known;
    const found = await this.database.readPlatform(
      SCOPE,
      async (view) =>
        (await view.findOne(Service, { id: issuer })) ?? view.findOne(Credential, { id: issuer, authType: 'jwt' }),
    );
    if (found) remember(this.#issuers, issuer, found.tenantId, ISSUERS_MAX);
    return found?.tenantId;
  }

  /** The JWT credentials that a token of the issuer can be signed with, those that are most likely to be good first. */
  candidatesOf(tenantId: string, issuer: string): Promise<Known<readonly JwtCandidate[]>> {
    // A key is never kept as it is.
    const place = isUuid(issuer) ? issuer : this.secrets.lookupHash(issuer);
    return this.#candidates.get(tenantId, place, async (view) => {
      // The data key of a deleted tenant is gone: its secrets cannot be opened any more.
      const isDeleted = (await tenantState(view, tenantId)) === 'deleted';
      const value = isDeleted ? [] : await jwtCandidatesOf(this.secrets, view, issuer);
      return { value, ...ANY_TIME };
    });
  }

  /** A credential, with what decides about it. @throws INVALID_CREDENTIALS where there is none */
  async record({ tenantId, credentialId }: CredentialOwner): Promise<Known<CallerRecord>> {
    const { value, basis } = await this.#records.get(tenantId, credentialId, (view) => read(view, credentialId));
    if (!value) throw coreErrors.INVALID_CREDENTIALS();
    return { value, basis };
  }

  /**
   * Whether the caller of a scope may do its work, as far as that is known: the first step of preparing it.
   * @throws as `requireUsable`; TENANT_SUSPENDED
   */
  async present(scope: TenantScope): Promise<PresentCaller> {
    const { tenantId, actor, evidence, sourceAddress } = scope;
    if (evidence?.kind === 'credential') {
      const { value, basis } = await this.record({ tenantId, credentialId: actor.credentialId ?? '' });
      const service = requireUsable(value, sourceAddress, this.database.now());
      if (service.id !== actor.id) throw coreErrors.INVALID_CREDENTIALS();
      return { grants: service.profiles, basis };
    }
    if (evidence === undefined && actor.type !== 'system') {
      throw new TransactionMisuse('The scope of a user or a service shows no evidence');
    }
    const { value, basis } = await this.#tenants.get(tenantId, 'state', async (view) => ({
      value: await tenantState(view, tenantId),
      ...ANY_TIME,
    }));
    if (evidence?.kind === 'tenant') requireActive(value);
    return { grants: undefined, basis };
  }

  /**
   * Whether the caller of a scope may do its work by what is committed now: where nothing is committed afterwards that would find out.
   * @throws as `present`
   */
  async confirm(scope: TenantScope): Promise<void> {
    await this.database.confirming(scope.tenantId, () => this.present(scope));
  }
}

async function read(view: View, credentialId: string) {
  const record = await callerRecordOf(view, credentialId);
  if (!record) return { value: undefined, ...ANY_TIME };
  const { expiresAt, overlapEndsAt } = record.credential;
  return { value: record, ...spanAround(view.now, [expiresAt, overlapEndsAt]) };
}

function remember<Value>(values: Map<string, Value>, key: string, value: Value, max: number): void {
  if (values.size >= max) values.delete(values.keys().next().value!);
  values.set(key, value);
}
