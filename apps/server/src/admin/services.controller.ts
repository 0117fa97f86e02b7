import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { Services, serviceErrors } from '#service-keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { DryRunQuery } from './dry-run.contract.js';
import { presentPage } from './page.contract.js';
import {
  CreatedService,
  NewService,
  Service,
  ServiceChange,
  ServiceDeletionDryRun,
  ServicePage,
  ServiceQuery,
  presentCreatedService,
  presentService,
  presentServiceDeletion,
} from './services.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

@ApiTags('Services')
@Controller('v1/tenants/:tenantId/services')
@Requires('services:write')
export class ServicesController {
  constructor(private readonly services: Services) {}

  @Post()
  @ApiOperation({ summary: 'Create a service with its first service key and JWT credential' })
  @Answers(201, CreatedService, 'The service with its secrets, shown only once')
  @Fails(serviceErrors.SERVICE_NAME_TAKEN)
  async createService(@Body() body: NewService, @InScope() scope: TenantScope): Promise<CreatedService> {
    return answerOnce(scope, presentCreatedService, () => this.services.create(scope, body));
  }

  @Get()
  @Requires('services:read')
  @ApiOperation({ summary: 'List the services, or find one by its name' })
  @Answers(200, ServicePage, 'One page, oldest first')
  async listServices(
    @Query() { limit, cursor, ...selection }: ServiceQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Service>> {
    return presentPage(await this.services.list(scope, selection, { limit, cursor }), presentService);
  }

  @Get(':serviceId')
  @Requires('services:read')
  @ApiOperation({ summary: 'Read a service' })
  @Answers(200, Service, 'The service')
  async getService(@Param('serviceId') serviceId: string, @InScope() scope: TenantScope): Promise<Service> {
    return presentService(await this.services.get(scope, serviceId));
  }

  @Patch(':serviceId')
  @ApiOperation({ summary: 'Change a service: name, description, granted profiles, allowed networks, contacts' })
  @Answers(200, Service, 'The updated service')
  @Fails(serviceErrors.SERVICE_NAME_TAKEN)
  async changeService(
    @Param('serviceId') serviceId: string,
    @Body() body: ServiceChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Service> {
    return presentService(await this.services.change(scope, serviceId, body, ifMatch));
  }

  @Delete(':serviceId')
  @ApiOperation({ summary: 'Delete a service and erase the secrets of all its credentials' })
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'The service is deleted' })
  @ApiOkResponse({ type: ServiceDeletionDryRun, description: 'With `dryRun=true`: the effect' })
  @Fails(...stepUpErrors, coreErrors.BUSY)
  async deleteService(
    @Param('serviceId') serviceId: string,
    @Body() { password }: StepUp,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServiceDeletionDryRun | void> {
    if (!dryRun) return this.services.delete(scope, serviceId, password, ifMatch);
    reply.status(200);
    return presentServiceDeletion(await this.services.dryRunOfDeletion(scope, serviceId));
  }
}
