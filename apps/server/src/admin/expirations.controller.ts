import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { type Page, type TenantScope, toRfc3339 } from '#core';
import { ExpiryCalendar } from '#scheduler';

import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { type Expiration, ExpirationPage, ExpirationQuery } from './expirations.contract.js';

@ApiTags('Expiry calendar')
@Controller('v1/tenants/:tenantId/expirations')
@Requires('expirations:read')
export class ExpirationsController {
  constructor(private readonly calendar: ExpiryCalendar) {}

  @Get()
  @ApiOperation({ summary: 'What expires, is rotated or begins, soonest first: of every kind' })
  @ApiOkResponse({ type: ExpirationPage, description: 'One page' })
  async listExpirations(
    @Query() { before, kind, ...request }: ExpirationQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Expiration>> {
    const { items, nextCursor } = await this.calendar.list(scope, before, kind, request);
    return { items: items.map(({ dueAt, ...item }) => ({ ...item, dueAt: toRfc3339(dueAt) })), nextCursor };
  }
}
