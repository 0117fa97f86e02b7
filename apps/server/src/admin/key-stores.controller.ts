import { Controller, Get } from '@nestjs/common';

import type { TenantScope } from '#core';
import { KeyStores } from '#key-stores';

import { ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { KeyStoreList, presentKeyStores } from './key-store.contract.js';

@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/key-stores')
@Requires('keys:read')
export class KeyStoresController {
  constructor(private readonly stores: KeyStores) {}

  @Get()
  @ApiOperation({ summary: 'List the key stores that the tenant may use' })
  @ApiOkResponse({ type: KeyStoreList, description: 'All available key stores' })
  listKeyStores(@InScope() { tenantId }: TenantScope): KeyStoreList {
    return presentKeyStores(this.stores.permitted(tenantId));
  }
}
