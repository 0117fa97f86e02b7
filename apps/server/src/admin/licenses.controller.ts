import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import type { Page, TenantScope } from '#core';
import { Licensing } from '#licensing';

import { Answers } from '../http/answers.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  License,
  LicensePage,
  LicenseRevision,
  LicenseRevisionPage,
  presentLicense,
  presentLicenseRevision,
} from './licenses.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

/** Entitlements of the customers of a tenant, from the signed updates of Xima CCaaS. */
@ApiTags('Licenses')
@Controller('v1/tenants/:tenantId/licenses')
@Requires('licenses:read')
export class LicensesController {
  constructor(private readonly licensing: Licensing) {}

  @Get()
  @ApiOperation({ summary: 'List the entitlements' })
  @Answers(200, LicensePage, 'One page, oldest first')
  async listLicenses(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<License>> {
    return presentPage(await this.licensing.list(scope, query), presentLicense);
  }

  @Get(':licenseId')
  @ApiOperation({ summary: 'Read an entitlement' })
  @Answers(200, License, 'The entitlement after the newest update')
  async getLicense(@Param('licenseId') licenseId: string, @InScope() scope: TenantScope): Promise<License> {
    return presentLicense(await this.licensing.get(scope, licenseId));
  }

  @Get(':licenseId/revisions')
  @ApiOperation({ summary: 'List the updates of an entitlement' })
  @Answers(200, LicenseRevisionPage, 'One page, newest first')
  async listLicenseRevisions(
    @Param('licenseId') licenseId: string,
    @Query() query: PageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<LicenseRevision>> {
    return presentPage(await this.licensing.revisions(scope, licenseId, query), presentLicenseRevision);
  }
}
