import { Injectable } from '@nestjs/common';

import { Certificates } from '#certificates';
import type { TenantScope } from '#core';
import { In, type Tx } from '#database';

import { readCertificateId } from './certificate-id.js';
import { type AcmeAccount, AcmeOrder } from './entities.js';
import { acmeErrors } from './errors.js';
import { type AcmeOrderState, acmeOrderLifecycle } from './lifecycle.js';

/** An order in one of these has replaced a certificate, or is about to. */
const TAKES_PLACE: AcmeOrderState[] = ['processing', 'valid'];

/** Orders that say which certificate they take the place of (RFC 9773 §5). */
@Injectable()
export class Replacements {
  constructor(private readonly certificates: Certificates) {}

  /**
   * The `kid` of the certificate that an order replaces.
   * @param text the unique identifier of the certificate (RFC 9773 §4.1)
   * @throws ACME_MALFORMED for what names no certificate of the service of the account; ACME_ALREADY_REPLACED for one that
   *   has a successor, also by a renewal
   */
  async kidOf(scope: TenantScope, { caId, serviceId }: AcmeAccount, text: string): Promise<string> {
    const serialNumber = readCertificateId(text)?.serialNumber;
    const { items } =
      serialNumber === undefined
        ? { items: [] }
        : await this.certificates.list(scope, { caId, serviceId, serialNumber }, { limit: 1 });
    const [found] = items;
    if (!found) throw acmeErrors.ACME_MALFORMED('replaces names no certificate of this account');
    if (found.certificate.replacedBy !== null) throw acmeErrors.ACME_ALREADY_REPLACED();
    return found.certificate.kid;
  }

  /**
   * A step: whether no other order has replaced the certificate, or is about to.
   * @throws ACME_ALREADY_REPLACED
   */
  async requireUnreplaced(tx: Tx, replacesKid: string, orderId?: string): Promise<void> {
    const others = await tx.find(AcmeOrder, { replacesKid, state: In(TAKES_PLACE) });
    const isTaken = (order: AcmeOrder): boolean =>
      order.id !== orderId && TAKES_PLACE.includes(acmeOrderLifecycle.stateAt(order, tx.now));
    if (others.some(isTaken)) throw acmeErrors.ACME_ALREADY_REPLACED();
  }
}
