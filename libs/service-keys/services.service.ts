import { Injectable } from '@nestjs/common';

import {
  type EpochMilliseconds,
  type InputError,
  type Page,
  type PageRequest,
  type TenantScope,
  coreErrors,
  definedMembers,
  platformScope,
} from '#core';
import { normalContacts, subjectsOf, writeContacts } from '#contacts';
import { uuidv7 } from '#crypto';
import {
  type Committed,
  Database,
  In,
  IsNull,
  LessThan,
  Not,
  type SeenVersions,
  type Tx,
  type Where,
  requireVersion,
} from '#database';
import { Users, raiseConfigVersion, requireCidrs } from '#tenants';

import { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
import { recordCreation } from './credential-steps.js';
import { Credential, Service } from './entities.js';
import { serviceErrors } from './errors.js';
import { serviceEvents } from './events.js';
import { addedProfiles } from './grants.js';
import { credentialLifecycle, serviceLifecycle } from './lifecycle.js';
import { TokenProfileNames } from './token-profile-names.js';

export interface NewService {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly profiles?: readonly string[] | undefined;
  readonly allowedCidrs?: readonly string[] | undefined;
  /** E-mail addresses of who is told about it and its credentials. */
  readonly contacts?: readonly string[] | undefined;
}

export type ServiceChange = { readonly [Member in keyof NewService]?: NewService[Member] | undefined };

/** Which services are meant; what is absent does not restrict. */
interface ServiceSelection {
  /** One of its contacts. */
  readonly owner?: string | undefined;
  /** The whole name. */
  readonly name?: string | undefined;
  /** No request used it since; one that was never used counts from its creation. */
  readonly unusedSince?: EpochMilliseconds | undefined;
}

export interface CreatedService {
  readonly service: Service;
  readonly serviceKey: CredentialWithSecret;
  readonly jwtCredential: CredentialWithSecret;
}

/** What a deletion would do. */
export interface ServiceDeletion {
  /** No rule keeps a service from being deleted. */
  readonly allowed: true;
  readonly impact: { readonly liveCredentials: number; readonly lastUsedAt: EpochMilliseconds | null };
}

@Injectable()
export class Services {
  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly users: Users,
    private readonly profileNames: TokenProfileNames,
  ) {}

  /**
   * Creates a service with one active credential of each type; their secrets are in this one answer (rule 1).
   * @throws SERVICE_NAME_TAKEN, VALIDATION_ERROR (a network that is none, a profile that does not exist)
   */
  async create(scope: TenantScope, request: NewService): Promise<Committed<CreatedService>> {
    requireCidrs(request.allowedCidrs ?? []);
    return this.database.transaction(scope, async (tx) => {
      await this.requireProfiles(tx, [], request.profiles ?? []);
      const service: Service = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        name: request.name,
        liveName: request.name,
        description: request.description ?? null,
        state: 'active',
        profiles: request.profiles ?? [],
        allowedCidrs: request.allowedCidrs ?? [],
        contacts: normalContacts(request.contacts ?? []),
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
        deletedAt: null,
        lastUsedAt: null,
      };
      await tx.insert(Service, service, { duplicate: () => serviceErrors.SERVICE_NAME_TAKEN() });
      await writeContacts(tx, { type: 'service', id: service.id }, service.contacts ?? []);
      const serviceKey = await this.secrets.create(tx, { serviceId: service.id, authType: 'service_key' });
      const jwtCredential = await this.secrets.create(tx, { serviceId: service.id, authType: 'jwt' });
      await raiseConfigVersion(tx);
      tx.record(serviceEvents.created(service.id, { after: auditSnapshot(service) }));
      for (const { credential } of [serviceKey, jwtCredential]) recordCreation(tx, credential);
      return { service, serviceKey, jwtCredential };
    });
  }

  /** One page, oldest first. */
  async list(scope: TenantScope, selection: ServiceSelection, page: PageRequest): Promise<Page<Service>> {
    return this.database.read(scope, async (view) => {
      const { owner } = selection;
      const owned = owner === undefined ? {} : { id: In(await subjectsOf(view, 'service', owner)) };
      return view.page(Service, rowsOf(selection, owned), [['id', 'ASC']], page);
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, serviceId: string): Promise<Service> {
    return this.database.read(scope, (view) => view.get(Service, { id: serviceId, state: 'active' }));
  }

  /** @throws NOT_FOUND, SERVICE_NAME_TAKEN, PRECONDITION_FAILED, VALIDATION_ERROR */
  async change(
    scope: TenantScope,
    serviceId: string,
    change: ServiceChange,
    ifMatch: SeenVersions | undefined,
  ): Promise<Service> {
    requireCidrs(change.allowedCidrs ?? []);
    const { name, contacts: given, ...rest } = change;
    const contacts = given && normalContacts(given);
    const set = definedMembers({ ...rest, contacts });
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Service, { id: serviceId, state: 'active' });
      await this.requireProfiles(tx, before.profiles, change.profiles ?? []);
      if (name !== undefined && (await tx.exists(Service, { liveName: name, id: Not(serviceId) }))) {
        throw serviceErrors.SERVICE_NAME_TAKEN();
      }
      const named = name === undefined ? {} : { name, liveName: name };
      const after = await tx.change(Service, before, { ...set, ...named, updatedAt: tx.now }, ifMatch);
      if (contacts) await writeContacts(tx, { type: 'service', id: serviceId }, contacts);
      await raiseConfigVersion(tx);
      tx.record(serviceEvents.changed(serviceId, { before: auditSnapshot(before), after: auditSnapshot(after) }));
      return after;
    });
  }

  /**
   * What the deletion of a service would end, and changes nothing.
   * @throws NOT_FOUND
   */
  async dryRunOfDeletion(scope: TenantScope, serviceId: string): Promise<ServiceDeletion> {
    return this.database.read(scope, async (view) => {
      const { lastUsedAt } = await view.get(Service, { id: serviceId, state: 'active' });
      const liveCredentials = await view.count(Credential, { serviceId, state: In(['active', 'inactive']) });
      return { allowed: true, impact: { liveCredentials, lastUsedAt } };
    });
  }

  /**
   * Deletes a service and erases the secrets of all its credentials; the rows stay as history.
   * @throws NOT_FOUND, PASSWORD_REQUIRED, PASSWORD_INVALID, PRECONDITION_FAILED
   */
  async delete(
    scope: TenantScope,
    serviceId: string,
    password: string | undefined,
    ifMatch?: SeenVersions,
  ): Promise<void> {
    await this.get(scope, serviceId);
    await this.users.confirm(platformScope(scope), 'resource', password);
    await this.database.transaction(scope, async (tx) => {
      const service = await tx.lock(Service, { id: serviceId, state: 'active' });
      requireVersion(service, ifMatch);
      await writeContacts(tx, { type: 'service', id: serviceId }, []);
      await tx.transitionAll(Credential, { serviceId }, credentialLifecycle.event.service_deleted);
      await tx.transition(Service, service, serviceLifecycle.event.delete, {
        set: { contacts: null },
        content: { before: auditSnapshot(service) },
      });
      await raiseConfigVersion(tx);
    });
  }

  /** A grant names a profile that exists: one that is created later must not be granted by an old mistake. */
  private async requireProfiles(tx: Tx, before: readonly string[], after: readonly string[]): Promise<void> {
    const added = addedProfiles(before, after);
    const existing = await this.profileNames.lock(
      tx,
      added.map(({ name }) => name),
    );
    const errors = added
      .filter(({ name }) => !existing.includes(name))
      .map(({ name, index }): InputError => {
        const detail = `there is no token profile with the name ${name}`;
        return { pointer: `/profiles/${index}`, code: 'UNKNOWN_PROFILE', detail };
      });
    if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ detail: errors[0]!.detail, errors });
  }
}

function rowsOf(
  { name, unusedSince }: ServiceSelection,
  owned: { readonly id?: ReturnType<typeof In<string>> },
): Where<Service> {
  const where = { ...owned, state: 'active' as const, ...(name === undefined ? {} : { liveName: name }) };
  if (unusedSince === undefined) return where;
  return [
    { ...where, lastUsedAt: LessThan(unusedSince) },
    { ...where, lastUsedAt: IsNull(), createdAt: LessThan(unusedSince) },
  ];
}

const auditSnapshot = ({ name, description, profiles, allowedCidrs, contacts }: Service) => ({
  name,
  description,
  profiles,
  allowedCidrs,
  contacts: contacts ?? [],
});
