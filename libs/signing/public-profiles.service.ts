import { Injectable } from '@nestjs/common';

import { type Origin, coreErrors, platformScope } from '#core';
import { Database } from '#database';
import { isAddressAllowed, tenantErrors, tenantState } from '#tenants';

import { TokenProfile } from './entities.js';
import { profileErrors } from './errors.js';

/** The actor of what clients without a credential ask for. */
export const PUBLIC_CALLER = 'public-access';

/** A profile that answers clients without a credential. */
export interface PublicProfile {
  readonly tenantId: string;
  readonly name: string;
  readonly version: number;
}

const CANDIDATES_MAX = 200;

/** Finds the profile that a client without a credential can mean, by the network that it asks from. */
@Injectable()
export class PublicProfiles {
  constructor(private readonly database: Database) {}

  /**
   * @param narrowed names of a profile and a tenant, where several are open to the address
   * @throws CREDENTIALS_REQUIRED where none is, AMBIGUOUS_PROFILE, TENANT_SUSPENDED
   */
  async find(
    origin: Origin,
    narrowed: { readonly name?: string | undefined; readonly tenantId?: string | undefined },
  ): Promise<PublicProfile> {
    return this.database.readPlatform(platformScope(origin), async (view) => {
      const where = {
        isPublic: true,
        ...(narrowed.name === undefined ? {} : { name: narrowed.name }),
        ...(narrowed.tenantId === undefined ? {} : { tenantId: narrowed.tenantId }),
      };
      const rows = await view.find(TokenProfile, where, { order: { id: 'ASC' }, limit: CANDIDATES_MAX });
      const open = rows.filter((profile) => isAddressAllowed(cidrsOf(profile), origin.sourceAddress));
      const [match, ...others] = open;
      if (!match) throw coreErrors.CREDENTIALS_REQUIRED();
      if (others.length > 0) throw profileErrors.AMBIGUOUS_PROFILE();
      const state = await tenantState(view, match.tenantId);
      if (state === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
      if (state !== 'active') throw coreErrors.CREDENTIALS_REQUIRED();
      return { tenantId: match.tenantId, name: match.name, version: match.version };
    });
  }
}

const cidrsOf = ({ settings }: TokenProfile): readonly string[] =>
  (settings['publicAccess'] as unknown as { readonly allowedCidrs: readonly string[] }).allowedCidrs;
