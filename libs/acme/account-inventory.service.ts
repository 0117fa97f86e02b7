import { Injectable } from '@nestjs/common';

import type { Page, PageRequest, TenantScope } from '#core';
import { type Committed, Database } from '#database';

import { AcmeAccount, AcmeOrder } from './entities.js';
import { acmeAccountLifecycle, acmeOrderLifecycle } from './lifecycle.js';

/** The ACME accounts of a tenant, as its members see and end them. */
@Injectable()
export class AcmeAccountInventory {
  constructor(private readonly database: Database) {}

  /** One page, oldest first. @param serviceId only those of this service */
  async list(scope: TenantScope, serviceId: string | undefined, page: PageRequest): Promise<Page<AcmeAccount>> {
    return this.database.read(scope, (view) =>
      view.page(AcmeAccount, serviceId === undefined ? {} : { serviceId }, [['id', 'ASC']], page),
    );
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<AcmeAccount> {
    return this.database.read(scope, (view) => view.get(AcmeAccount, { id }));
  }

  /** The account orders nothing any more; its certificates stay. Repeating it changes nothing. @throws NOT_FOUND */
  async revoke(scope: TenantScope, id: string): Promise<Committed<AcmeAccount>> {
    return this.database.transaction(scope, async (tx) => {
      tx.housekeeping('an account that was revoked before');
      const row = await tx.lock(AcmeAccount, { id });
      return tx.transition(AcmeAccount, row, acmeAccountLifecycle.event.revoke);
    });
  }

  /** The orders of an account, one page, newest first. @throws NOT_FOUND */
  async orders(scope: TenantScope, accountId: string, page: PageRequest): Promise<Page<AcmeOrder>> {
    return this.database.read(scope, async (view) => {
      await view.get(AcmeAccount, { id: accountId });
      const { items, nextCursor } = await view.page(AcmeOrder, { accountId }, [['id', 'DESC']], page);
      const shown = items.map((order) => ({ ...order, state: acmeOrderLifecycle.stateAt(order, view.now) }));
      return { items: shown, nextCursor };
    });
  }
}
