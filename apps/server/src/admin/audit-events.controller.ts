import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { History } from '#audit';
import type { Page, PlatformScope, TenantScope } from '#core';
import { tenantErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { AuditEvent, AuditEventPage, AuditEventQuery } from './audit-events.contract.js';

/** An entry of the history is shown exactly as it was hashed, so that its hash can be computed again from the answer. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/audit-events')
@Requires('audit:read')
export class AuditEventsController {
  constructor(private readonly history: History) {}

  @Get()
  @ApiOperation({ summary: 'Query the history of the tenant' })
  @ApiOkResponse({ type: AuditEventPage, description: 'One page, newest first unless `order=asc`' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async listAuditEvents(
    @Query() { limit, cursor, ...filter }: AuditEventQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<AuditEvent>> {
    return this.history.list(scope, filter, { limit, cursor });
  }

  @Get(':sequence')
  @ApiOperation({ summary: 'Read one event, by its sequence number or its id' })
  @ApiParam({ name: 'sequence', description: 'Sequence number or id of the event' })
  @ApiOkResponse({ type: AuditEvent, description: 'The event' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async getAuditEvent(@Param('sequence') reference: string, @InScope() scope: TenantScope): Promise<AuditEvent> {
    return this.history.get(scope, reference);
  }
}

@ApiTags('History')
@Controller('v1/platform/audit-events')
@Requires('platform-audit:read')
export class PlatformAuditEventsController {
  constructor(private readonly history: History) {}

  @Get()
  @ApiOperation({ summary: "Query the installation's own history" })
  @ApiOkResponse({ type: AuditEventPage, description: 'One page, newest first unless `order=asc`' })
  async listPlatformAuditEvents(
    @Query() { limit, cursor, ...filter }: AuditEventQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<Page<AuditEvent>> {
    return this.history.list(scope, filter, { limit, cursor });
  }

  @Get(':sequence')
  @ApiOperation({ summary: 'Read one event of the installation, by its sequence number or its id' })
  @ApiParam({ name: 'sequence', description: 'Sequence number or id of the event' })
  @ApiOkResponse({ type: AuditEvent, description: 'The event' })
  async getPlatformAuditEvent(
    @Param('sequence') reference: string,
    @OnPlatform() scope: PlatformScope,
  ): Promise<AuditEvent> {
    return this.history.get(scope, reference);
  }
}
