import { Injectable } from '@nestjs/common';

import { type Origin, platformScope } from '#core';
import { Database, In } from '#database';

import { TokenProfile, TokenProfileOrigin } from './entities.js';

const CANDIDATES_MAX = 200;

/** Decides which web pages may request user tokens: those of origins that a profile lists (Fetch standard, CORS protocol). */
@Injectable()
export class AllowedOrigins {
  constructor(private readonly database: Database) {}

  /**
   * Whether the profile with this name and tenant lists the origin; if they are unknown, whether any profile does. A
   * preflight names neither; only the origins of the profile can read the response to the request itself.
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
