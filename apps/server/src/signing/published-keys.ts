import { Injectable } from '@nestjs/common';

import { Clock, HOUR, systemOrigin } from '#core';
import { LastArtefacts } from '#database';
import { type JsonWebKeys, Keys } from '#keys';
import { Access } from '#tenants';

import { contentTag } from '../http/entity-tag.js';
import type { RequestFacts } from '../http/in-scope.js';

interface PublishedJwks {
  readonly tenantId: string;
  readonly jwks: JsonWebKeys;
  /** The serialised key set. */
  readonly text: string;
  readonly tag: string;
}

/**
 * For how long a key set is published while the database is away. Nothing is signed, rotated or revoked through this
 * database meanwhile; an instance that alone has lost it would publish a key that was compromised since for as long.
 */
const HELD_FOR = HOUR;
const LIMITS = { entriesMax: 5_000, bytesMax: 16 * 1024 * 1024 };
const NAMES_MAX = 20_000;

/** The public key sets of tenants. */
@Injectable()
export class PublishedKeys {
  readonly #last: LastArtefacts<PublishedJwks>;
  /** The ids of tenants by id or slug; neither is ever given to another tenant. */
  readonly #ids = new Map<string, string>();
  readonly #documents = new WeakMap<JsonWebKeys, Omit<PublishedJwks, 'tenantId'>>();

  constructor(
    private readonly keys: Keys,
    private readonly access: Access,
    private readonly clock: Clock,
  ) {
    this.#last = new LastArtefacts(clock, LIMITS);
  }

  /**
   * @param tenant id or slug
   * @returns the keys; `isHeld` if the database is away and they are from the last read
   * @throws NOT_FOUND, DATABASE_UNAVAILABLE
   */
  async of(tenant: string, facts: RequestFacts): Promise<{ value: PublishedJwks; isHeld: boolean }> {
    return this.#last.publish(tenant, async () => {
      const tenantId = this.#ids.get(tenant) ?? (await this.find(tenant, facts));
      const value = { tenantId, ...this.documentOf(await this.keys.jwks({ tenantId })) };
      // As a text and as objects.
      return { value, bytes: 2 * value.text.length, until: this.clock.now() + HELD_FOR };
    });
  }

  private async find(tenant: string, facts: RequestFacts): Promise<string> {
    const tenantId = await this.access.tenantId({ ...systemOrigin('jwks'), ...facts }, tenant);
    if (this.#ids.size >= NAMES_MAX) this.#ids.delete(this.#ids.keys().next().value!);
    this.#ids.set(tenant, tenantId);
    return tenantId;
  }

  /** Serialised once while the keys do not change. */
  private documentOf(jwks: JsonWebKeys): Omit<PublishedJwks, 'tenantId'> {
    const known = this.#documents.get(jwks);
    if (known) return known;
    const text = JSON.stringify(jwks);
    const document = { jwks, text, tag: contentTag(text) };
    this.#documents.set(jwks, document);
    return document;
  }
}
