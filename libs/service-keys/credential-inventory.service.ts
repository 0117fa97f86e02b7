import { Injectable } from '@nestjs/common';

import { type Page, type PageRequest, type TenantScope, definedMembers } from '#core';
import { subjectsOf } from '#contacts';
import { Database, In, IsNull, LessThan, type View, type Where } from '#database';
import { tenantSettingsOf } from '#tenants';

import type { CredentialSelection } from './credential-selection.js';
import { type EffectiveCredential, effective, situationAmong } from './credential-situation.js';
import { Credential, Service } from './entities.js';
import { credentialLifecycle } from './lifecycle.js';

const PAGE_OF_EXPORT = 200;

/** The credentials of a service, or of all services of a tenant. */
@Injectable()
export class CredentialInventory {
  constructor(private readonly database: Database) {}

  /**
   * One page, oldest first, each with the actions that are possible now. It can have fewer credentials than its limit,
   * because the state goes by the clock.
   */
  async list(
    scope: TenantScope,
    selection: CredentialSelection,
    page: PageRequest,
  ): Promise<Page<EffectiveCredential>> {
    return this.database.read(scope, async (view) => {
      const policy = await tenantSettingsOf(view);
      const { items, nextCursor } = await view.page(Credential, await rowsOf(view, selection), [['id', 'ASC']], page);
      const services = [...new Set(items.map(({ serviceId }) => serviceId))];
      const live = await view.find(Credential, {
        serviceId: In(services),
        state: In([...credentialLifecycle.live]),
      });
      const shown = items
        .map((credential) => effective(situationAmong(credential, live, policy, view.now), scope))
        // A row that says `active` may have expired since.
        .filter(({ state }) => selection.state === undefined || state === selection.state);
      return { items: shown, nextCursor };
    });
  }

  /** The same for a service that exists. @throws NOT_FOUND */
  async listOfService(
    scope: TenantScope,
    serviceId: string,
    selection: CredentialSelection,
    page: PageRequest,
  ): Promise<Page<EffectiveCredential>> {
    await this.database.read(scope, (view) => view.get(Service, { id: serviceId, state: 'active' }));
    return this.list(scope, { ...selection, serviceId }, page);
  }

  /** Everything of the selection, page after page: never more than one page is in memory. */
  async *export(scope: TenantScope, selection: CredentialSelection): AsyncGenerator<EffectiveCredential> {
    let cursor: string | undefined;
    do {
      const page = await this.list(scope, selection, { limit: PAGE_OF_EXPORT, cursor });
      yield* page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}

/** The rows among which those of the selection are: the clock may be ahead of the state of a row. */
export async function rowsOf(view: View, selection: CredentialSelection): Promise<Where<Credential>> {
  const { authType, state, serviceId, owner, name, expiresBefore, createdBefore, unusedSince } = selection;
  const owned = owner === undefined ? undefined : await subjectsOf(view, 'service', owner);
  const services = serviceId === undefined ? owned : [serviceId].filter((id) => owned?.includes(id) ?? true);
  const where = definedMembers({
    authType,
    state: state && In(credentialLifecycle.recordedAs(state)),
    serviceId: services && In(services),
    name,
    expiresAt: expiresBefore === undefined ? undefined : LessThan(expiresBefore),
    createdAt: createdBefore === undefined ? undefined : LessThan(createdBefore),
  });
  if (unusedSince === undefined) return where;
  return [
    { ...where, lastUsedAt: LessThan(unusedSince) },
    { ...where, lastUsedAt: IsNull(), createdAt: LessThan(Math.min(unusedSince, createdBefore ?? unusedSince)) },
  ];
}
