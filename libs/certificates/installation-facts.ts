import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { Database, In, MoreThanOrEqual, Not, type View } from '#database';
import { compromisedAmong } from '#keys';
import type { KeyStatus } from '#pki';
import { SLUG, tenantsBySlug } from '#tenants';

import { Certificate, CertificateAuthority } from './entities.js';
import { certificateLifecycle } from './lifecycle.js';

/** What the whole installation knows of a public key. */
interface KnownKey {
  readonly ofAuthority: boolean;
  /** Whether a tenant other than the given one has a certificate of it. */
  readonly ofOther: (tenantId: string) => boolean;
  readonly compromised: boolean;
}

/**
 * What the whole installation knows of keys and names that somebody wants to have certified. Each is read for all requests that ask meanwhile, and
 * as it is then: nothing of it is kept, because no number of a tenant's configuration covers it.
 */
@Injectable()
export class InstallationFacts {
  readonly #key: (publicKeyHash: string) => Promise<KnownKey | undefined>;
  readonly #compromised: (publicKeyHash: string) => Promise<true | undefined>;
  readonly #tenantId: (slug: string) => Promise<string | undefined>;

  constructor(private readonly database: Database) {
    this.#key = database.readTogether(knownKeys);
    this.#compromised = database.readTogether(async (view, hashes) => {
      const compromised = await compromisedAmong(view, hashes);
      return new Map([...compromised].map((hash) => [hash, true]));
    });
    this.#tenantId = database.readTogether(tenantsBySlug);
  }

  /**
   * @param options.reuse whether a key may have several valid certificates
   * @param options.renews the certificate that is renewed, which may have the same key
   */
  async keyStatus(
    scope: TenantScope,
    publicKeyHash: string,
    { reuse, renews }: { readonly reuse: boolean; readonly renews?: Certificate | undefined },
  ): Promise<KeyStatus> {
    const { ofAuthority, ofOther, compromised } = (await this.#key(publicKeyHash))!;
    const inUse = !reuse && (await this.isInUse(scope, publicKeyHash, renews));
    return { ofAuthority, ofAnotherTenant: ofOther(scope.tenantId), compromised, inUse };
  }

  /** Whether the key was reported as compromised. */
  async isCompromised(publicKeyHash: string): Promise<boolean> {
    return (await this.#compromised(publicKeyHash)) === true;
  }

  /**
   * Those of the names that are the slug of another tenant, so that no certificate is issued for it. Slugs only: a tenant chooses its display
   * name itself, and could keep others from theirs.
   */
  async foreignNames({ tenantId }: TenantScope, names: readonly string[]): Promise<string[]> {
    const owners = await Promise.all(
      names.map(async (name) => {
        const slug = name.toLowerCase();
        // A name with a dot is no slug, and most have one.
        return SLUG.test(slug) ? this.#tenantId(slug) : undefined;
      }),
    );
    return names.filter((_, place) => owners[place] !== undefined && owners[place] !== tenantId);
  }

  /** Whether another live certificate of the tenant has the key. */
  private async isInUse(scope: TenantScope, publicKeyHash: string, renews: Certificate | undefined): Promise<boolean> {
    return this.database.read(scope, (view) =>
      view.exists(Certificate, {
        publicKeyHash,
        state: In([...certificateLifecycle.live]),
        notAfter: MoreThanOrEqual(view.now),
        id: Not(renews?.id ?? ''),
      }),
    );
  }
}

async function knownKeys(view: View, hashes: readonly string[]): Promise<ReadonlyMap<string, KnownKey>> {
  const authorities = await view.firstAndLast(CertificateAuthority, 'publicKeyHash', hashes, 'tenantId');
  const certificates = await view.firstAndLast(Certificate, 'publicKeyHash', hashes, 'tenantId');
  const compromised = await compromisedAmong(view, hashes);
  return new Map(
    hashes.map((hash) => {
      const holders = certificates.get(hash);
      const known: KnownKey = {
        ofAuthority: authorities.has(hash),
        // One that is between them in order makes the two differ.
        ofOther: (tenantId) => holders !== undefined && (holders.first !== tenantId || holders.last !== tenantId),
        compromised: compromised.has(hash),
      };
      return [hash, known];
    }),
  );
}
