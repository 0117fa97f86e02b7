import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { type Page, type TenantScope, coreErrors } from '#core';
import { type SeenVersions, databaseErrors } from '#database';
import { CredentialInventory, Credentials, credentialErrors } from '#service-keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { NotStored } from '../http/idempotency.guard.js';
import { RateLimited } from '../http/rate-limit.js';
import { Requires } from '../http/requires.js';
import {
  CompromisedCredential,
  Compromise,
  Credential,
  CredentialChange,
  CredentialPage,
  CredentialQuery,
  CredentialWithSecret,
  NewCredential,
  RegeneratedCredential,
  Regeneration,
  CredentialDryRun,
  RevealedSecret,
  presentCompromised,
  presentCredential,
  presentRegenerated,
  presentCredentialDryRun,
  presentWithSecret,
} from './credentials.contract.js';
import { presentPage } from './page.contract.js';
import { AnswersOrDryRun, DryRunQuery } from './dry-run.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

const { WRONG_STATE, BUSY } = coreErrors;
const { LAST_ACTIVE_CREDENTIAL, INACTIVE_CREDENTIAL_EXISTS, CREDENTIAL_LIMIT_REACHED, NOT_REVEALABLE } =
  credentialErrors;
/** Errors of every action on a credential. */
const ofAnAction = [WRONG_STATE, databaseErrors.CLOCK_NOT_CONFIRMED] as const;

@ApiTags('Credentials')
@Controller('v1/tenants/:tenantId/services/:serviceId/credentials')
@Requires('services:write')
export class CredentialsController {
  constructor(
    private readonly credentials: Credentials,
    private readonly inventory: CredentialInventory,
  ) {}

  @Get()
  @Requires('services:read')
  @ApiOperation({ summary: 'List the credentials of a service, masked, with the allowed actions' })
  @Answers(200, CredentialPage, 'One page, oldest first')
  async listCredentials(
    @Param('serviceId') serviceId: string,
    @Query() { authType, state, ...page }: CredentialQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Credential>> {
    const selection = { authType, state };
    return presentPage(await this.inventory.listOfService(scope, serviceId, selection, page), presentCredential);
  }

  @Post()
  @ApiOperation({ summary: 'Create a credential in the state active' })
  @Answers(201, CredentialWithSecret, 'The credential with its secret')
  @Fails(CREDENTIAL_LIMIT_REACHED)
  async createCredential(
    @Param('serviceId') serviceId: string,
    @Body() body: NewCredential,
    @InScope() scope: TenantScope,
  ): Promise<CredentialWithSecret> {
    return answerOnce(scope, presentWithSecret, () => this.credentials.create(scope, serviceId, body));
  }

  @Get(':credentialId')
  @Requires('services:read')
  @ApiOperation({ summary: 'Read a credential, masked' })
  @Answers(200, Credential, 'The credential')
  async getCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @InScope() scope: TenantScope,
  ): Promise<Credential> {
    return presentCredential(await this.credentials.get(scope, serviceId, credentialId));
  }

  @Post(':credentialId/reveal')
  @RateLimited('reveal')
  @NotStored()
  @Requires('credentials:reveal')
  @ApiOperation({ summary: 'Reveal the secret of a credential; recorded in the history' })
  @Answers(200, RevealedSecret, 'The secret')
  @Fails(...ofAnAction, NOT_REVEALABLE)
  async revealCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @InScope() scope: TenantScope,
  ): Promise<RevealedSecret> {
    return { secret: (await this.credentials.reveal(scope, serviceId, credentialId)).reveal() };
  }

  @Post(':credentialId/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Discard a credential: it is rejected until it is reactivated' })
  @AnswersOrDryRun(Credential, CredentialDryRun, 'The inactive credential')
  @Fails(...ofAnAction, LAST_ACTIVE_CREDENTIAL, INACTIVE_CREDENTIAL_EXISTS)
  async discardCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Credential | CredentialDryRun> {
    if (dryRun) return this.dryRun(scope, serviceId, credentialId, 'discard');
    return answerOnce(scope, presentCredential, () =>
      this.credentials.discard(scope, serviceId, credentialId, ifMatch),
    );
  }

  @Post(':credentialId/reactivate')
  @ApiOperation({ summary: 'Reactivate an inactive credential' })
  @Answers(200, Credential, 'The active credential')
  @Fails(...ofAnAction)
  async reactivateCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Credential> {
    return answerOnce(scope, presentCredential, () =>
      this.credentials.reactivate(scope, serviceId, credentialId, ifMatch),
    );
  }

  @Post(':credentialId/regenerate')
  @ApiOperation({ summary: 'Create a successor; the old credential is discarded when the overlap ends' })
  @Answers(201, RegeneratedCredential, 'The successor with its secret')
  @Fails(...ofAnAction, INACTIVE_CREDENTIAL_EXISTS, CREDENTIAL_LIMIT_REACHED, ...stepUpErrors, BUSY)
  async regenerateCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @Body() body: Regeneration,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<RegeneratedCredential> {
    return answerOnce(scope, presentRegenerated, () =>
      this.credentials.regenerate(scope, serviceId, credentialId, body, ifMatch),
    );
  }

  @Post(':credentialId/compromise')
  @HttpCode(200)
  @ApiOperation({ summary: 'Mark a credential as compromised: it is permanently rejected' })
  @AnswersOrDryRun(
    CompromisedCredential,
    CredentialDryRun,
    'The compromised credential, and its successor if one had to be made',
  )
  @Fails(...ofAnAction)
  async compromiseCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @Body() { reason }: Compromise,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CompromisedCredential | CredentialDryRun> {
    if (dryRun) return this.dryRun(scope, serviceId, credentialId, 'compromise');
    return answerOnce(scope, presentCompromised, () =>
      this.credentials.compromise(scope, serviceId, credentialId, reason, ifMatch),
    );
  }

  @Patch(':credentialId')
  @ApiOperation({ summary: 'Change the name or the expiry of a credential' })
  @Answers(200, Credential, 'The updated credential')
  @Fails(...ofAnAction)
  async changeCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @Body() body: CredentialChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Credential> {
    return presentCredential(await this.credentials.update(scope, serviceId, credentialId, body, ifMatch));
  }

  @Delete(':credentialId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a credential that is not active: its secret is erased' })
  @ApiNoContentResponse({ description: 'The credential is deleted' })
  @ApiOkResponse({ type: CredentialDryRun, description: 'With `dryRun=true`: the effect' })
  @Fails(...ofAnAction, ...stepUpErrors, BUSY)
  async deleteCredential(
    @Param('serviceId') serviceId: string,
    @Param('credentialId') credentialId: string,
    @Body() { password }: StepUp,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialDryRun | void> {
    if (!dryRun) return this.credentials.delete(scope, serviceId, credentialId, password, ifMatch);
    reply.status(200);
    return this.dryRun(scope, serviceId, credentialId, 'delete');
  }

  private async dryRun(...call: Parameters<Credentials['dryRun']>): Promise<CredentialDryRun> {
    return presentCredentialDryRun(await this.credentials.dryRun(...call));
  }
}
