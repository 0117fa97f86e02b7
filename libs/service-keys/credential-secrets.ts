import { createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, Secret, coreErrors } from '#core';
import { fingerprint, lookupHash, maskSecret, randomSecret, sealingErrors, uuidv7 } from '#crypto';
import type { Tx, View } from '#database';
import { type OnUnsealed, Vault, sealedColumn } from '#vault';

import { type AuthType, generateSecret } from './auth-types.js';
import { Credential } from './entities.js';

/** The copies of secrets that can be shown again. */
const revealableSecrets = sealedColumn(Credential, { purpose: 'credential-secret', column: 'sealedSecret' });

const PEPPER = 'service-key-pepper';
const PEPPER_BYTES = 32;

export interface NewCredential {
  readonly serviceId: string;
  readonly authType: AuthType;
  readonly name?: string | undefined;
  readonly expiresAt?: EpochMilliseconds | null | undefined;
  readonly replaces?: string | undefined;
  /** Whether Chancery creates it by itself, without a person who asked for it. */
  readonly automatic?: boolean | undefined;
}

/** A credential together with its secret: what exists only in the answer that creates it. */
export interface CredentialWithSecret {
  readonly credential: Credential;
  readonly secret: Secret;
}

/** Makes, seals, finds and opens the secrets of credentials. */
@Injectable()
export class CredentialSecrets implements OnUnsealed {
  #pepper: ReturnType<typeof createSecretKey> | undefined;

  constructor(private readonly vault: Vault) {}

  /** Loads the pepper, which must be known before any credential is made or looked up. */
  async onUnsealed(): Promise<void> {
    const bytes = await this.vault.ensureInstallationSecret(PEPPER, () => randomSecret(PEPPER_BYTES).reveal());
    this.#pepper = createSecretKey(bytes);
  }

  /** The keyed hash by which a secret is found in the database. @throws SEALED where the secret of the hash was altered */
  lookupHash(secret: string): string {
    if (!this.#pepper) throw sealingErrors.SEALED('The secret of the look-up of credentials does not open');
    return lookupHash(this.#pepper, secret);
  }

  /** A step of a use-case: makes an active credential with a fresh secret. */
  async create(tx: Tx, request: NewCredential): Promise<CredentialWithSecret> {
    if (request.expiresAt !== undefined && request.expiresAt !== null) requireFuture(request.expiresAt, tx.now);
    const { now } = tx;
    const id = uuidv7(now);
    const { tenantId } = tx.scope;
    const secret = generateSecret(request.authType);
    const text = secret.reveal();
    const credential: Credential = {
      id,
      tenantId,
      serviceId: request.serviceId,
      authType: request.authType,
      state: 'active',
      name: request.name ?? null,
      lookupHash: this.lookupHash(text),
      fingerprint: fingerprint(Buffer.from(text)),
      secretMasked: maskSecret(text),
      sealedSecret: await this.vault.seal(tx, revealableSecrets.place(tenantId, id), Buffer.from(text)),
      inactiveSlot: null,
      replaces: request.replaces ?? null,
      replacedBy: null,
      succeededAutomaticallyAt: request.automatic ? now : null,
      successionStoppedAt: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
      expiresAt: request.expiresAt ?? null,
      overlapEndsAt: null,
      lastUsedAt: null,
      refusedUses: 0,
      lastRefusedAt: null,
      revealedAt: null,
      discardedAt: null,
      compromisedAt: null,
      deletedAt: null,
    };
    await tx.insert(Credential, credential);
    return { credential, secret };
  }

  /** The secret of a credential that still has one. */
  async open(view: View, credential: Credential): Promise<Secret> {
    if (!credential.sealedSecret) throw coreErrors.NOT_FOUND('The secret was erased');
    const place = revealableSecrets.place(credential.tenantId, credential.id);
    return new Secret((await this.vault.open(view, place, credential.sealedSecret)).toString());
  }
}

/** @throws VALIDATION_ERROR for a moment that is not in the future */
export function requireFuture(expiresAt: EpochMilliseconds, now: EpochMilliseconds): void {
  if (expiresAt > now) return;
  throw coreErrors.VALIDATION_ERROR({
    errors: [{ pointer: '/expiresAt', code: 'NOT_IN_THE_FUTURE', detail: 'must be later than now, or null for never' }],
  });
}
