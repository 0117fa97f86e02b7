import { Injectable } from '@nestjs/common';

import { type Origin, coreErrors, platformScope } from '#core';
import { Database, type View } from '#database';
import { isAddressAllowed, tenantErrors, tenantState } from '#tenants';

import { TokenProfile } from './entities.js';
import { profileErrors } from './errors.js';

/** The actor of requests without a credential. */
export const PUBLIC_CALLER = 'public-access';

/** A profile that admits clients without a credential. */
interface PublicProfile {
  readonly tenantId: string;
  readonly name: string;
  readonly version: number;
}

const CANDIDATES_PER_PAGE = 200;

/** Finds the profile for a client without a credential, by its network. */
@Injectable()
export class PublicProfiles {
  constructor(private readonly database: Database) {}

  /**
   * @param narrowed names of a profile and a tenant, if several profiles admit the address
   * @throws CREDENTIALS_REQUIRED if no profile admits the address, AMBIGUOUS_PROFILE, TENANT_SUSPENDED if only profiles of
   *   suspended tenants do
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
