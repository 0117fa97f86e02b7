import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Page, TenantScope } from '#core';
import { Keys, keyErrors } from '#keys';
import { tenantErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { Key, KeyDetails, KeyPage, NewKey, presentKey, presentKeyDetails, toKeyRequest } from './keys.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys')
@Requires('keys:read')
export class KeysController {
  constructor(private readonly keys: Keys) {}

  @Post()
  @Requires('keys:write')
  @ApiOperation({ summary: 'Generate a key; its first version signs at once' })
  @ApiCreatedResponse({ type: KeyDetails, description: 'The new key' })
  @Fails(tenantErrors.TENANT_SUSPENDED, keyErrors.KEY_NAME_TAKEN)
  async generateKey(@Body() body: NewKey, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.generate(scope, toKeyRequest(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List the keys' })
  @ApiOkResponse({ type: KeyPage, description: 'One page, oldest first' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async listKeys(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<Key>> {
    return presentPage(await this.keys.list(scope, query), presentKey);
  }

  @Get(':keyId')
  @ApiOperation({ summary: 'Read a key and its versions' })
  @ApiOkResponse({ type: KeyDetails, description: 'The key with its versions' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async getKey(@Param('keyId') keyId: string, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.get(scope, keyId));
  }
}
