import { createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { CertificateAuthorities } from '#certificates';
import { PublicUrl } from '#config';
import { DAY, type EpochMilliseconds, type Page, type PageRequest, Secret, type TenantScope, coreErrors } from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { type Committed, Database, IsNull, MoreThan, type Tx, type View } from '#database';
import { isServiceActive, trustOfCredential } from '#service-keys';
import { Vault, sealedColumn } from '#vault';

import { AcmeBinding } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeBindingEvents } from './events.js';
import { type SentBinding, hasMac } from './external-binding.js';
import { acmeUrls } from './urls.js';

const KEY_BYTES = 32;
/** How long a binding can be used, unless it is said. */
const TTL_DEFAULT = 7 * DAY;
const TTL_MAX = 90 * DAY;
/** Unused bindings of one service. */
const BINDINGS_MAX = 100;
/** Bindings of one service that are stored: those that were used or have expired are kept for a while. */
const BINDINGS_STORED_MAX = 1_000;

const sealedAcmeBindings = sealedColumn(AcmeBinding, { purpose: 'acme-binding', column: 'sealedKey' });

export interface NewAcmeBinding {
  readonly serviceId: string;
  /** The tenant's default authority where none is named. */
  readonly caId?: string | undefined;
  /** 7 days from now where it is not said, at most 90. */
  readonly expiresAt?: EpochMilliseconds | undefined;
}

/** A binding without its key. */
export interface ShownAcmeBinding {
  readonly binding: AcmeBinding;
  readonly directoryUrl: string;
}

/** A binding with what exists only in the answer that makes it. */
export interface AcmeBindingWithKey extends ShownAcmeBinding {
  /** HMAC key, base64url without padding: what clients call `eab-hmac-key`. */
  readonly hmacKey: Secret;
}

/** The keys by which ACME accounts are bound to services (RFC 8555 §7.3.4): each binds one account, once. */
@Injectable()
export class AcmeBindings {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly vault: Vault,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * @throws NOT_FOUND (service, authority), CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY, VALIDATION_ERROR (expiry),
   *   ACME_BINDING_LIMIT_REACHED
   */
  async create(scope: TenantScope, request: NewAcmeBinding): Promise<Committed<AcmeBindingWithKey>> {
    const { serviceId } = request;
    return this.database.transaction(scope, async (tx) => {
      const { now } = tx;
      const { tenantId, actor } = tx.scope;
      if (!(await isServiceActive(tx, serviceId))) throw coreErrors.NOT_FOUND();
      const { id: caId } = await this.authorities.issuing(tx, request.caId);
      const unused = await tx.count(AcmeBinding, { serviceId, accountId: IsNull(), expiresAt: MoreThan(now) });
      const stored = await tx.count(AcmeBinding, { serviceId });
      if (unused >= BINDINGS_MAX || stored >= BINDINGS_STORED_MAX) throw acmeErrors.ACME_BINDING_LIMIT_REACHED();
      const expiresAt = expiryOf(request.expiresAt, now);
      const id = uuidv7(now);
      const key = randomSecret(KEY_BYTES).reveal();
      const credentialId = actor.type === 'service' ? (actor.credentialId ?? null) : null;
      const binding: AcmeBinding = {
        id,
        tenantId,
        caId,
        serviceId,
        credentialId,
        trustId: credentialId === null ? null : await trustOfCredential(tx, credentialId),
        sealedKey: await this.vault.seal(tx, sealedAcmeBindings.place(tenantId, id), key),
        accountId: null,
        createdBy: actor.id,
        createdAt: now,
        expiresAt,
      };
      await tx.insert(AcmeBinding, binding);
      tx.record(acmeBindingEvents.created(id, { after: { serviceId, caId, expiresAt } }));
      return { ...this.shown(binding), hmacKey: new Secret(key.toString('base64url')) };
    });
  }

  /** The bindings of a service that were not used yet, and those that were, one page, oldest first. @throws NOT_FOUND */
  async list(scope: TenantScope, serviceId: string, page: PageRequest): Promise<Page<ShownAcmeBinding>> {
    return this.database.read(scope, async (view) => {
      if (!(await isServiceActive(view, serviceId))) throw coreErrors.NOT_FOUND();
      const { items, nextCursor } = await view.page(AcmeBinding, { serviceId }, [['id', 'ASC']], page);
      return { items: items.map((binding) => this.shown(binding)), nextCursor };
    });
  }

  /** Nothing can be bound by it any more; an account that was stays. @throws NOT_FOUND */
  async delete(scope: TenantScope, serviceId: string, id: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      await tx.lock(AcmeBinding, { id, serviceId });
      await tx.delete(AcmeBinding, { id });
      tx.record(acmeBindingEvents.deleted(id, { details: { serviceId } }));
    });
  }

  /** The key of a binding, for the repetition of the answer that made it. @throws GONE where it was used or has expired */
  async repeat(scope: TenantScope, id: string): Promise<Secret> {
    return this.database.transaction(scope, async (tx) => {
      const key = await this.keyOf(tx, await tx.findOne(AcmeBinding, { id }));
      if (!key) throw coreErrors.GONE();
      tx.record(acmeBindingEvents.key_repeated(id));
      return new Secret(key.toString('base64url'));
    });
  }

  /**
   * A step: uses up the binding that was sent.
   * @returns the binding, for an account of this id
   * @throws ACME_UNAUTHORIZED where it is unknown, used or expired, belongs to another authority, or has another MAC
   */
  async use(tx: Tx, sent: SentBinding, caId: string, accountId: string): Promise<AcmeBinding> {
    const binding = await tx.lockIfPresent(AcmeBinding, { id: sent.kid, caId });
    const key = await this.keyOf(tx, binding);
    // One answer for all: it does not tell which bindings exist.
    const isProven = binding && key && (await hasMac(sent, createSecretKey(key)));
    if (!isProven) throw acmeErrors.ACME_UNAUTHORIZED('The external account binding is not valid');
    await tx.note(AcmeBinding, { id: binding.id }, { sealedKey: null, accountId });
    return binding;
  }

  /** A step: the key of a binding that can be used now. */
  private async keyOf(view: View, binding: AcmeBinding | null): Promise<Buffer | undefined> {
    if (!binding || binding.sealedKey === null || binding.expiresAt <= view.now) return undefined;
    const { id, tenantId, sealedKey } = binding;
    return this.vault.open(view, sealedAcmeBindings.place(tenantId, id), sealedKey);
  }

  private shown(binding: AcmeBinding): ShownAcmeBinding {
    return { binding, directoryUrl: acmeUrls(this.publicUrl.current, binding.caId).directory };
  }
}

/** @throws VALIDATION_ERROR */
function expiryOf(asked: EpochMilliseconds | undefined, now: EpochMilliseconds): EpochMilliseconds {
  const expiresAt = asked ?? now + TTL_DEFAULT;
  if (expiresAt > now && expiresAt <= now + TTL_MAX) return expiresAt;
  const detail = `must be in the future, and at most ${TTL_MAX / DAY} days from now`;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/expiresAt', code: 'EXPIRY_OUT_OF_RANGE', detail }] });
}
