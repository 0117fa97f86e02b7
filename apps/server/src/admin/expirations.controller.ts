import { hash } from 'node:crypto';

import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';

import type { FastifyReply } from 'fastify';

import { CALENDAR_TYPE, CalendarFiles, ExpirationAnnouncements } from '#announcements';
import type { Page, TenantScope } from '#core';

import { Answers } from '../http/answers.js';
import { InScope } from '../http/in-scope.js';
import { AcceptsTokenInQuery, Requires } from '../http/requires.js';
import {
  CalendarQuery,
  type Expiration,
  ExpirationPage,
  ExpirationQuery,
  presentExpiration,
} from './expirations.contract.js';

@ApiTags('Expiry calendar')
@Controller('v1/tenants/:tenantId/expirations')
@Requires('expirations:read')
export class ExpirationsController {
  constructor(private readonly announcements: ExpirationAnnouncements) {}

  @Get()
  @ApiOperation({ summary: 'List upcoming expiries, rotations and starts of all kinds, soonest first' })
  @Answers(200, ExpirationPage, 'One page')
  async listExpirations(
    @Query() { from, before, kind, ...request }: ExpirationQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Expiration>> {
    const { items, nextCursor } = await this.announcements.page(scope, { from, before, kind }, request);
    return { items: items.map(presentExpiration), nextCursor };
  }
}

/** The calendar for calendar programs, which subscribe to a URL and send no headers. */
@ApiTags('Expiry calendar')
@Controller('v1/tenants/:tenantId/expirations.ics')
@Requires('expirations:read')
export class CalendarFileController {
  constructor(private readonly files: CalendarFiles) {}

  @Get()
  @AcceptsTokenInQuery()
  @ApiOperation({ summary: 'Export the expiries, rotations and starts of the next year as iCalendar' })
  @ApiOkResponse({
    description: 'RFC 5545; at most a thousand events, soonest first; with an `ETag`',
    content: { [CALENDAR_TYPE]: { schema: { type: 'string', example: 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n' } } },
  })
  async getCalendarFile(
    @Query() _query: CalendarQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const text = await this.files.of(scope);
    reply
      .type(`${CALENDAR_TYPE}; charset=utf-8`)
      .header('ETag', `"${hash('sha256', text, 'hex')}"`)
      .header('Cache-Control', 'private, no-cache')
      .header('Content-Disposition', 'inline; filename="expirations.ics"');
    return text;
  }
}
