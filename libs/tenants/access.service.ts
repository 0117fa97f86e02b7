import { Injectable } from '@nestjs/common';

import {
  type Origin,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  isUuid,
  platformScope,
  selfDeciding,
} from '#core';
import { Database } from '#database';

import { admittedMember } from './accounts.js';
import { requirePlatformRight, roleInTenant } from './authorization.js';
import { type Member, Tenant, type User } from './entities.js';
import type { Permission } from './permissions.js';

/** Gives an identified caller a scope, or rejects the caller. */
@Injectable()
export class Access {
  constructor(private readonly database: Database) {}

  /**
   * The scope of a user in a tenant.
   * @param tenant id or slug
   * @throws NOT_FOUND if the tenant does not exist or the user is not a member of it, so that the answer does not disclose tenants
   * @throws FORBIDDEN if the user's role does not have the permission; TENANT_SUSPENDED
   */
  async tenantScope(
    { user }: { readonly user: Pick<User, 'id' | 'platformAdmin'> },
    tenant: string,
    permission: Permission,
    origin: Origin,
  ): Promise<TenantScope> {
    const { found, member } = await this.find(origin, tenant, user.id);
    if (!found) throw coreErrors.NOT_FOUND();
    const { platformAdmin } = user;
    const role = roleInTenant(permission, { tenantState: found.state, role: member?.role, platformAdmin });
    return { ...origin, actor: { ...origin.actor, role }, tenantId: found.id };
  }

  /**
   * The scope of an API token, which is valid in its own tenant only.
   * @param tenant id or slug
   * @throws as `apiTokenAuthority`; NOT_FOUND for every other tenant
   */
  async apiTokenScope(token: { readonly tenantId: string }, tenant: string, origin: Origin): Promise<TenantScope> {
    const { found } = await this.find(origin, tenant, origin.actor.id);
    if (found?.id !== token.tenantId) throw coreErrors.NOT_FOUND();
    // The authority check of each transaction decides; it reads the role.
    const scope = { ...origin, tenantId: found.id };
    return this.database.read(scope, async (view) => ({ ...scope, actor: view.scope.actor }));
  }

  /** @throws FORBIDDEN unless the user is a platform administrator or every user has the permission */
  platformScope(
    { user }: { readonly user: Pick<User, 'id' | 'platformAdmin'> },
    permission: Permission,
    origin: Origin,
  ): PlatformScope {
    requirePlatformRight(permission, user.platformAdmin);
    return platformScope(origin);
  }

  /** The id of a tenant that is not deleted, even if it is suspended. @throws NOT_FOUND */
  async tenantId(origin: Origin, tenant: string): Promise<string> {
    const found = await this.database.readPlatform(platformScope(origin), (view) =>
      view.findOne(Tenant, named(tenant)),
    );
    if (!found || found.state === 'deleted') throw coreErrors.NOT_FOUND();
    return found.id;
  }

  /** The tenant with that id or slug if the user is a member of it, suspended or not; otherwise `undefined`. */
  async tenantOfMember(origin: Origin, tenant: string, userId: string): Promise<string | undefined> {
    const { found, member } = await this.find(origin, tenant, userId);
    return found && found.state !== 'deleted' && member ? found.id : undefined;
  }

  private async find(
    origin: Origin,
    tenant: string,
    userId: string,
  ): Promise<{ readonly found: Tenant | null; readonly member: Member | null }> {
    return this.database.readPlatform(platformScope(selfDeciding(origin)), async (view) => {
      const found = await view.findOne(Tenant, named(tenant));
      const member = found && (await admittedMember(view, found.id, userId));
      return { found, member };
    });
  }
}

const named = (tenant: string) => (isUuid(tenant) ? { id: tenant } : { slug: tenant });
