import { Injectable } from '@nestjs/common';

import { type Origin, coreErrors, platformScope } from '#core';
import { Database, type View } from '#database';
import { isAddressAllowed, tenantErrors, tenantState } from '#tenants';

import { TokenProfile } from './entities.js';
import { profileErrors } from './errors.js';

/** The actor of what clients without a credential ask for. */
export const PUBLIC_CALLER = 'public-access';

/** A profile that answers clients without a credential. */
interface PublicProfile {
  readonly tenantId: string;
  readonly name: string;
  readonly version: number;
}

const CANDIDATES_PER_PAGE = 200;

/** Finds the profile that a client without a credential can mean, by the network that it asks from. */
@Injectable()
export class PublicProfiles {
  constructor(private readonly database: Database) {}

  /**
   * @param narrowed names of a profile and a tenant, where several are open to the address
   * @throws CREDENTIALS_REQUIRED where none is, AMBIGUOUS_PROFILE, TENANT_SUSPENDED where those that are belong to suspended
   *   tenants only
   */
  async find(
    origin: Origin,
    narrowed: { readonly name?: string | undefined; readonly tenantId?: string | undefined },
  ): Promise<PublicProfile> {
    return this.database.readPlatform(platformScope(origin), async (view) => {
      let match: TokenProfile | undefined;
      let isSuspended = false;
      for await (const profile of openTo(view, origin.sourceAddress, narrowed)) {
        const state = await tenantState(view, profile.tenantId);
        if (state === 'suspended') isSuspended = true;
        if (state !== 'active') continue;
        if (match) throw profileErrors.AMBIGUOUS_PROFILE();
        match = profile;
      }
      if (match) return { tenantId: match.tenantId, name: match.name, version: match.version };
      throw isSuspended ? tenantErrors.TENANT_SUSPENDED() : coreErrors.CREDENTIALS_REQUIRED();
    });
  }
}

/** The public profiles that admit an address, of tenants in any state. */
async function* openTo(
  view: View,
  sourceAddress: string | null,
  { name, tenantId }: { readonly name?: string | undefined; readonly tenantId?: string | undefined },
): AsyncGenerator<TokenProfile> {
  const where = {
    isPublic: true,
    ...(name === undefined ? {} : { name }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await view.page(TokenProfile, where, [['id', 'ASC']], {
      limit: CANDIDATES_PER_PAGE,
      cursor,
    });
    yield* items.filter((profile) => isAddressAllowed(cidrsOf(profile), sourceAddress));
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

const cidrsOf = ({ settings }: TokenProfile): readonly string[] =>
  (settings['publicAccess'] as unknown as { readonly allowedCidrs: readonly string[] }).allowedCidrs;
