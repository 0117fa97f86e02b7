import { Injectable } from '@nestjs/common';

import { BACKWARD_TOLERANCE, DAY, type EpochMilliseconds, Secret } from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { Between, In, IsNull, MoreThan, type Tx, type View } from '#database';
import { Vault, sealedColumn } from '#vault';

import { WebhookSecret } from './entities.js';

/** Between 24 and 64 bytes, by Standard Webhooks 1.0. */
const SECRET_BYTES = 32;
/** By Standard Webhooks 1.0: what follows is Base64. */
const PREFIX = 'whsec_';

const sealedWebhookSecrets = sealedColumn(WebhookSecret, { purpose: 'webhook-secret', column: 'sealedSecret' });

/** The longest time for which a former secret also signs. */
export const WEBHOOK_SECRET_OVERLAP_MAX = 7 * DAY;

/** An overlap that ends later than one that begins now began while the clock was ahead. */
const overlapping = ({ now }: View) => Between(now + 1, now + WEBHOOK_SECRET_OVERLAP_MAX + BACKWARD_TOLERANCE);

/** The secrets of webhooks: each is a record of its own, so that two can sign while receivers change from one to the other. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly vault: Vault) {}

  /** A step: makes the newest secret of a webhook. @param overlap milliseconds for which the one before it also signs */
  async rotate(tx: Tx, webhookId: string, overlap: number): Promise<Secret> {
    // Two sign at most: one from an earlier overlap ends now.
    await tx.delete(WebhookSecret, { webhookId, expiresAt: MoreThan(0) });
    await tx.update(WebhookSecret, { webhookId, expiresAt: IsNull() }, { expiresAt: tx.now + overlap });
    const secret = new Secret(PREFIX + randomSecret(SECRET_BYTES).reveal().toString('base64'));
    const id = uuidv7(tx.now);
    const { tenantId } = tx.scope;
    const place = sealedWebhookSecrets.place(tenantId, id);
    const sealedSecret = await this.vault.seal(tx, place, Buffer.from(secret.reveal()));
    await tx.insert(WebhookSecret, { id, tenantId, webhookId, sealedSecret, createdAt: tx.now, expiresAt: null });
    return secret;
  }

  /** A step: the secrets that sign now, the newest first; without those whose rows were altered, which no receiver can have. */
  async current(view: View, webhookId: string): Promise<Secret[]> {
    const rows = await view.find(
      WebhookSecret,
      [
        { webhookId, expiresAt: IsNull() },
        { webhookId, expiresAt: overlapping(view) },
      ],
      { order: { id: 'DESC' } },
    );
    const opened = await Promise.all(
      rows.map(({ id, tenantId, sealedSecret }) =>
        this.vault.openUnlessAltered(view, sealedWebhookSecrets.place(tenantId, id), sealedSecret),
      ),
    );
    return opened.flatMap((bytes) => (bytes ? [new Secret(bytes.toString())] : []));
  }

  /** A step: until when the former secret of each webhook also signs; absent where only one does. */
  async overlapsOf(view: View, webhookIds: readonly string[]): Promise<ReadonlyMap<string, EpochMilliseconds>> {
    if (webhookIds.length === 0) return new Map();
    const rows = await view.find(WebhookSecret, { webhookId: In([...webhookIds]), expiresAt: overlapping(view) });
    return new Map(rows.map(({ webhookId, expiresAt }) => [webhookId, expiresAt!]));
  }

  /** A step of the deletion of a webhook. */
  async remove(tx: Tx, webhookId: string): Promise<void> {
    await tx.delete(WebhookSecret, { webhookId });
  }
}
