import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { CredentialRotations, credentialErrors, credentialRotationErrors } from '#service-keys';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  CredentialRotation,
  CredentialRotationDryRun,
  CredentialRotationItem,
  CredentialRotationItemPage,
  CredentialRotationPage,
  NewCredentialRotation,
  RotationItemQuery,
  presentRotation,
  presentRotationDryRun,
  presentRotationItem,
} from './credential-rotations.contract.js';
import { PageQuery, presentPage } from './page.contract.js';
import { stepUpErrors } from './step-up.contract.js';
const { NO_CREDENTIALS_SELECTED, ROTATION_LIMIT_REACHED } = credentialRotationErrors;

/** Rotations of many credentials by one request. */
@ApiTags('Credentials')
@Controller('v1/tenants/:tenantId')
@Requires('services:read')
export class CredentialRotationsController {
  constructor(private readonly rotations: CredentialRotations) {}

  // A double colon is a literal colon in the path, not a parameter.
  @Post('credentials::rotate')
  @HttpCode(202)
  @Requires('services:write')
  @ApiOperation({
    summary: 'Rotate all selected credentials: each gets a successor, and is discarded when its overlap ends',
  })
  @ApiExtraModels(CredentialRotationDryRun)
  @ApiAcceptedResponse({ type: CredentialRotation, description: 'The rotation, which runs from now on' })
  @ApiOkResponse({ type: CredentialRotationDryRun, description: 'With `dryRun: true`: the effect' })
  @Fails(
    NO_CREDENTIALS_SELECTED,
    ROTATION_LIMIT_REACHED,
    credentialErrors.NOT_REVEALABLE,
    ...stepUpErrors,
    coreErrors.BUSY,
  )
  async rotateCredentials(
    @Body() { dryRun = false, ...request }: NewCredentialRotation,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialRotation | CredentialRotationDryRun> {
    if (dryRun) {
      reply.status(200);
      return presentRotationDryRun(await this.rotations.dryRun(scope, request));
    }
    return answerOnce(scope, presentRotation, () => this.rotations.start(scope, request));
  }

  @Get('credential-rotations')
  @ApiOperation({ summary: 'List the rotations, including those that ended in the last 90 days' })
  @Answers(200, CredentialRotationPage, 'One page, newest first')
  async listCredentialRotations(
    @Query() page: PageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<CredentialRotation>> {
    return presentPage(await this.rotations.list(scope, page), presentRotation);
  }

  @Get('credential-rotations/:rotationId')
  @ApiOperation({ summary: 'Read a rotation and its progress' })
  @Answers(200, CredentialRotation, 'The rotation')
  async getCredentialRotation(
    @Param('rotationId') rotationId: string,
    @InScope() scope: TenantScope,
  ): Promise<CredentialRotation> {
    return presentRotation(await this.rotations.get(scope, rotationId));
  }

  @Get('credential-rotations/:rotationId/items')
  @ApiOperation({ summary: 'Read the report of a rotation: the outcome for each credential' })
  @Answers(200, CredentialRotationItemPage, 'One page')
  async listCredentialRotationItems(
    @Param('rotationId') rotationId: string,
    @Query() { state, ...page }: RotationItemQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<CredentialRotationItem>> {
    return presentPage(await this.rotations.items(scope, rotationId, state, page), presentRotationItem);
  }

  @Post('credential-rotations/:rotationId/cancel')
  @Requires('services:write')
  @ApiOperation({ summary: 'Cancel a rotation; existing successors remain' })
  @Answers(200, CredentialRotation, 'The cancelled rotation')
  @Fails(coreErrors.WRONG_STATE)
  async cancelCredentialRotation(
    @Param('rotationId') rotationId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CredentialRotation> {
    return answerOnce(scope, presentRotation, () => this.rotations.cancel(scope, rotationId, ifMatch));
  }
}
