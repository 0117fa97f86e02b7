import { Injectable } from '@nestjs/common';

import { type Origin, platformScope } from '#core';
import { Database, In } from '#database';

import { TokenProfile, TokenProfileOrigin } from './entities.js';

const CANDIDATES_MAX = 200;

/** Which pages may ask for user tokens: those of the origins that profiles list (Fetch standard, CORS protocol). */
@Injectable()
export class AllowedOrigins {
  constructor(private readonly database: Database) {}

  /**
   * Whether a profile lists the origin: that of this name and tenant, where they are known, otherwise any. A preflight
   * names neither; the answer to the request itself is readable only by the origins of its profile.
   */
  async allow(
    asking: Origin,
    origin: string,
    narrowed: { readonly profile?: string | undefined; readonly tenantId?: string | undefined },
  ): Promise<boolean> {
    return this.database.readPlatform(platformScope(asking), async (view) => {
      const { tenantId, profile: name } = narrowed;
      const where = { origin, ...(tenantId === undefined ? {} : { tenantId }) };
      const rows = await view.find(TokenProfileOrigin, where, { order: { id: 'ASC' }, limit: CANDIDATES_MAX });
      if (rows.length === 0 || name === undefined) return rows.length > 0;
      return view.exists(TokenProfile, { name, id: In(rows.map(({ profileId }) => profileId)) });
    });
  }
}
