import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { Services, serviceErrors } from '#service-keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { presentPage } from './page.contract.js';
import {
  CreatedService,
  NewService,
  Service,
  ServiceChange,
  ServicePage,
  ServiceQuery,
  presentCreatedService,
  presentService,
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
  @Answers(204, 'The service is deleted')
  @Fails(...stepUpErrors, coreErrors.BUSY)
  async deleteService(
    @Param('serviceId') serviceId: string,
    @Body() { password }: StepUp,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.services.delete(scope, serviceId, password, ifMatch);
  }
}
