import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { type AlgorithmName, CpuQueue, type RsaModulusBits } from '#crypto';
import { KeyStores, StoredObjects, keyStoreErrors } from '#key-stores';

import type { KeyVersion } from './entities.js';

/** Where the private half of a version is. */
type PrivateHalf =
  | { readonly in: 'database'; readonly sealed: Buffer }
  /** Under the id of the version. */
  | { readonly in: 'store'; readonly store: string };

/** `undefined` after it was destroyed. */
export function privateHalfOf({
  sealedPrivate,
  keyStore,
  state,
}: Pick<KeyVersion, 'sealedPrivate' | 'keyStore' | 'state'>): PrivateHalf | undefined {
  if (keyStore !== null) {
    return state === 'destroyed' || state === 'compromised' ? undefined : { in: 'store', store: keyStore };
  }
  return sealedPrivate === null ? undefined : { in: 'database', sealed: sealedPrivate };
}

/** A new private key or secret, for a version or an authority that is not stored yet. */
export type NewPrivateHalf =
  | { readonly in: 'database'; readonly signingKey: KeyObject }
  | {
      readonly in: 'store';
      readonly store: string;
      /** The id that the version or authority must have. */
      readonly recordId: string;
      readonly publicKey: KeyObject;
    };

/** The key to generate. */
export interface HalfRequest {
  readonly keyStore: string | null;
  readonly algorithm: AlgorithmName;
  readonly modulusBits: RsaModulusBits | undefined;
  /** Whether its predecessor was compromised. */
  readonly urgent?: boolean;
}

/** Generates keys in this process or in a key store. Do not call it in a transaction. */
@Injectable()
export class PrivateHalves {
  constructor(
    private readonly cpu: CpuQueue,
    private readonly stores: KeyStores,
    private readonly objects: StoredObjects,
  ) {}

  /** @throws BUSY, KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
  async make(
    scope: TenantScope,
    { keyStore, algorithm, modulusBits, urgent = false }: HalfRequest,
  ): Promise<NewPrivateHalf> {
    if (keyStore === null) {
      const { signingKey } = await this.cpu.generate(scope.tenantId, algorithm, { modulusBits, urgent });
      return { in: 'database', signingKey };
    }
    this.stores.requirePermitted(scope.tenantId, keyStore);
    return { in: 'store', store: keyStore, ...(await this.objects.make(scope, keyStore, { algorithm, modulusBits })) };
  }

  /**
   * As `make`, with a time limit for key stores. A key that a store makes too late is destroyed.
   * @throws as `make`; KEY_STORE_UNAVAILABLE after `milliseconds`
   */
  async makeWithin(scope: TenantScope, request: HalfRequest, milliseconds: number): Promise<NewPrivateHalf> {
    if (request.keyStore === null) return this.make(scope, request);
    const late = Promise.withResolvers<never>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late.reject(keyStoreErrors.KEY_STORE_UNAVAILABLE());
    }, milliseconds);
    const making = this.make(scope, request).then(async (made) => {
      if (isLate) await this.discard(scope, made);
      return made;
    });
    return Promise.race([making, late.promise]).finally(() => clearTimeout(timer));
  }

  /** Makes a key and passes it to `use`. If `use` does not store it, it is destroyed. @throws as `make`; whatever `use` throws */
  async with<T>(scope: TenantScope, request: HalfRequest, use: (made: NewPrivateHalf) => Promise<T>): Promise<T> {
    const made = await this.make(scope, request);
    try {
      return await use(made);
    } finally {
      await this.discard(scope, made);
    }
  }

  /** Destroys a key that was not stored; if its store does not answer, the scheduler does it later. A stored key is kept. */
  async discard({ tenantId }: TenantScope, made: NewPrivateHalf): Promise<void> {
    if (made.in === 'store') await this.objects.discard(tenantId, made.recordId);
  }
}
