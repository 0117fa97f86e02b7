import { Injectable } from '@nestjs/common';

import { DomainError, type Origin, coreErrors } from '#core';
import { Access } from '#tenants';

/** The ids of tenants that an unidentified client names, without disclosing which tenants exist. */
@Injectable()
export class TenantNames {
  constructor(private readonly access: Access) {}

  /** @param tenant id or slug. @throws INVALID_CREDENTIALS where there is none */
  async idOf(origin: Origin, tenant: string): Promise<string> {
    try {
      return await this.access.tenantId(origin, tenant);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') throw coreErrors.INVALID_CREDENTIALS();
      throw error;
    }
  }
}
