import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';

import type { Page, TenantScope } from '#core';
import { CredentialInventory } from '#service-keys';

import { Answers } from '../http/answers.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  Credential,
  CredentialInventoryFilter,
  CredentialInventoryQuery,
  CredentialPage,
  presentCredential,
} from './credentials.contract.js';
import { JSON_LINES, jsonLines } from './json-lines.js';
import { presentPage } from './page.contract.js';

/** Credentials of all services of a tenant. */
@ApiTags('Credentials')
@Controller('v1/tenants/:tenantId/credentials')
@Requires('services:read')
export class CredentialInventoryController {
  constructor(private readonly inventory: CredentialInventory) {}

  @Get()
  @ApiOperation({
    operationId: 'listCredentialsOfTenant',
    summary: 'Search the credentials of all services, masked, with the allowed actions',
  })
  @Answers(200, CredentialPage, 'One page, oldest first')
  async listCredentialsOfTenant(
    @Query() { limit, cursor, ...selection }: CredentialInventoryQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Credential>> {
    return presentPage(await this.inventory.list(scope, selection, { limit, cursor }), presentCredential);
  }

  @Get('export')
  @ApiOperation({ summary: 'Export the credentials of all services, masked, one JSON object per line' })
  @ApiOkResponse({
    description: 'All matching credentials, streamed, oldest first',
    content: {
      [JSON_LINES]: {
        schema: { type: 'string', example: '{"id":"0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47","state":"active"}\n' },
      },
    },
  })
  exportCredentials(@Query() filter: CredentialInventoryFilter, @InScope() scope: TenantScope): StreamableFile {
    return jsonLines('credentials', this.inventory.export(scope, filter), presentCredential);
  }
}
