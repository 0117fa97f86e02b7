import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import type { Page, TenantScope } from '#core';
import { ExpirationAnnouncements } from '#announcements';
import { ExpiryCalendar } from '#scheduler';

import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { type Expiration, ExpirationPage, ExpirationQuery, presentExpiration } from './expirations.contract.js';

@ApiTags('Expiry calendar')
@Controller('v1/tenants/:tenantId/expirations')
@Requires('expirations:read')
export class ExpirationsController {
  constructor(
    private readonly calendar: ExpiryCalendar,
    private readonly announcements: ExpirationAnnouncements,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List what expires, is rotated or begins, of every kind, soonest first' })
  @ApiOkResponse({ type: ExpirationPage, description: 'One page' })
  async listExpirations(
    @Query() { before, kind, ...request }: ExpirationQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Expiration>> {
    const { items, nextCursor } = await this.calendar.list(scope, before, kind, request);
    const described = await this.announcements.describe(scope, items);
    return { items: described.map(presentExpiration), nextCursor };
  }
}
