import { Injectable } from '@nestjs/common';

import { type Page, type PageRequest, type TenantScope, coreErrors } from '#core';
import { uuidv7 } from '#crypto';
import { type Committed, Database, IsNull } from '#database';

import { ServiceAccount } from './entities.js';
import { apiTokenErrors, memberErrors } from './errors.js';
import { serviceAccountEvents } from './events.js';
import { type Role, mayGrant, roleOf } from './roles.js';
import { lockTenant, raiseConfigVersion } from './tenants.service.js';

/** Maximum number of service accounts of one tenant. */
const ACCOUNTS_MAX = 200;

/** Automation of a tenant: it has a role like a member's, no password and no session, and works with API tokens. */
@Injectable()
export class ServiceAccounts {
  constructor(private readonly database: Database) {}

  /** @throws ROLE_NOT_GRANTABLE, SERVICE_ACCOUNT_NAME_TAKEN, SERVICE_ACCOUNT_LIMIT_REACHED */
  async create(
    scope: TenantScope,
    { name, role }: { readonly name: string; readonly role: Role },
  ): Promise<Committed<ServiceAccount>> {
    return this.database.transaction(scope, async (tx) => {
      if (!mayGrant(roleOf(tx.scope), role)) throw memberErrors.ROLE_NOT_GRANTABLE(`Your role does not grant ${role}`);
      await lockTenant(tx);
      if ((await tx.count(ServiceAccount, { deletedAt: IsNull() })) >= ACCOUNTS_MAX) {
        throw apiTokenErrors.SERVICE_ACCOUNT_LIMIT_REACHED();
      }
      const row: ServiceAccount = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        name,
        liveName: name,
        role,
        createdBy: tx.scope.actor.id,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
        deletedAt: null,
      };
      await tx.insert(ServiceAccount, row, { duplicate: () => apiTokenErrors.SERVICE_ACCOUNT_NAME_TAKEN() });
      tx.record(serviceAccountEvents.created(row.id, { after: { name, role } }));
      return row;
    });
  }

  async list(scope: TenantScope, name: string | undefined, page: PageRequest): Promise<Page<ServiceAccount>> {
    const where = { deletedAt: IsNull(), ...(name === undefined ? {} : { liveName: name }) };
    return this.database.read(scope, (view) => view.page(ServiceAccount, where, [['id', 'ASC']], page));
  }

  /** Its API tokens are rejected from the next request on, on every instance. @throws NOT_FOUND */
  async delete(scope: TenantScope, serviceAccountId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const where = { id: serviceAccountId, deletedAt: IsNull() };
      const set = { deletedAt: tx.now, liveName: serviceAccountId, updatedAt: tx.now };
      if ((await tx.update(ServiceAccount, where, set)) === 0) throw coreErrors.NOT_FOUND();
      await raiseConfigVersion(tx);
      tx.record(serviceAccountEvents.deleted(serviceAccountId));
    });
  }
}
