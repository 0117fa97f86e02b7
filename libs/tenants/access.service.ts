import { Injectable } from '@nestjs/common';

import { type Origin, type PlatformScope, type TenantScope, coreErrors, isUuid, platformScope } from '#core';
import { Database } from '#database';

import { Member, Tenant, type User } from './entities.js';
import { tenantErrors } from './errors.js';
import { type Permission, permissionRow } from './permissions.js';

/** Turns who somebody is into the scope that they may work in, or refuses. */
@Injectable()
export class Access {
  constructor(private readonly database: Database) {}

  /**
   * The scope of a user in a tenant.
   * @param tenant id or slug
   * @throws NOT_FOUND where there is no such tenant or the user is no member of it: nobody learns which tenants exist
   * @throws FORBIDDEN where the user's role does not hold the permission; TENANT_SUSPENDED
   */
  async tenantScope(
    { user }: { readonly user: Pick<User, 'id' | 'platformAdmin'> },
    tenant: string,
    permission: Permission,
    origin: Origin,
  ): Promise<TenantScope> {
    const row = permissionRow(permission);
    const { found, member } = await this.database.readPlatform(platformScope(origin), async (view) => {
      const candidate = await view.findOne(Tenant, isUuid(tenant) ? { id: tenant } : { slug: tenant });
      if (!candidate || candidate.state === 'deleted') throw coreErrors.NOT_FOUND();
      return {
        found: candidate,
        member: await view.findOne(Member, { tenantId: candidate.id, userId: user.id }),
      };
    });
    const asPlatformAdmin = user.platformAdmin && row.platformAdmin;
    if (!member && !asPlatformAdmin) throw coreErrors.NOT_FOUND();
    if (found.state === 'suspended' && !asPlatformAdmin) throw tenantErrors.TENANT_SUSPENDED();
    const actor = { ...origin.actor, role: member?.role ?? 'platform_admin' };
    const scope = { ...origin, actor, tenantId: found.id };
    if (!asPlatformAdmin && !(member && row.roles.includes(member.role)))
      throw coreErrors.FORBIDDEN(`A ${actor.role} may not do this: it takes ${permission}`);
    return scope;
  }

  /** @throws FORBIDDEN unless the user administers the installation or the permission is everybody's */
  platformScope(
    { user }: { readonly user: Pick<User, 'id' | 'platformAdmin'> },
    permission: Permission,
    origin: Origin,
  ): PlatformScope {
    const row = permissionRow(permission);
    if (row.audience !== 'user' && !(row.platformAdmin && user.platformAdmin)) throw coreErrors.FORBIDDEN();
    return platformScope(origin);
  }

  /** The id of a tenant that is not deleted, suspended ones too. @throws NOT_FOUND */
  async tenantId(origin: Origin, tenant: string): Promise<string> {
    const where = isUuid(tenant) ? { id: tenant } : { slug: tenant };
    const found = await this.database.readPlatform(platformScope(origin), (view) => view.findOne(Tenant, where));
    if (!found || found.state === 'deleted') throw coreErrors.NOT_FOUND();
    return found.id;
  }
}
