import { Injectable } from '@nestjs/common';

import { Clock, HOUR, systemOrigin } from '#core';
import { LastArtefacts } from '#database';
import { Keys } from '#keys';
import { Access } from '#tenants';

import type { RequestFacts } from '../http/in-scope.js';

export type JsonWebKeys = Awaited<ReturnType<Keys['jwks']>>;

export interface PublishedJwks {
  readonly tenantId: string;
  readonly jwks: JsonWebKeys;
}

/**
 * For how long a key set is published while the database is away. Nothing is signed, rotated or revoked through this
 * database meanwhile; an instance that alone has lost it would publish a key that was compromised since for as long.
 */
const HELD_FOR = HOUR;
const LIMITS = { entriesMax: 5_000, bytesMax: 16 * 1024 * 1024 };

/** The key sets of tenants, as anybody may read them. */
@Injectable()
export class PublishedKeys {
  readonly #last: LastArtefacts<PublishedJwks>;

  constructor(
    private readonly keys: Keys,
    private readonly access: Access,
    private readonly clock: Clock,
  ) {
    this.#last = new LastArtefacts(clock, LIMITS);
  }

  /**
   * @param tenant id or slug
   * @returns the keys; `isHeld` where the database is away and they are those that were read last
   * @throws NOT_FOUND, DATABASE_UNAVAILABLE
   */
  async of(tenant: string, facts: RequestFacts): Promise<{ value: PublishedJwks; isHeld: boolean }> {
    return this.#last.publish(tenant, async () => {
      const origin = { ...systemOrigin('jwks'), ...facts };
      const tenantId = await this.access.tenantId(origin, tenant);
      const jwks = await this.keys.jwks({ ...origin, tenantId });
      const bytes = JSON.stringify(jwks).length;
      return { value: { tenantId, jwks }, bytes, until: this.clock.now() + HELD_FOR };
    });
  }
}
