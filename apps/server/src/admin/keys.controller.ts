import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { KeyDeletion, KeyDryRuns, KeyRotation, KeyUserReports, Keys, keyErrors } from '#keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  Key,
  KeyChange,
  KeyCompromise,
  KeyDetails,
  KeyPage,
  KeyQuery,
  KeyDryRun,
  NewKey,
  Rotation,
  presentKey,
  presentKeyDetails,
  presentKeyDryRun,
  toKeyRequest,
} from './keys.contract.js';
import { inKeyStore } from './key-store.contract.js';
import { KeyUserList, presentKeyUsers } from './key-users.contract.js';
import { presentPage } from './page.contract.js';
import { AnswersOrDryRun, DryRunQuery } from './dry-run.contract.js';
import { ForcedAction, ForcedStepUp, stepUpErrors } from './step-up.contract.js';

const { WRONG_STATE, BUSY } = coreErrors;
const { KEY_LIMIT_REACHED, KEY_NAME_TAKEN, KEY_EXPORTABILITY_FIXED, ROTATION_UNDER_WAY } = keyErrors;
const { KEY_IN_USE, KEY_NOT_USABLE, KEY_NOT_EXPORTABLE, LAST_ACTIVE_KEY_VERSION } = keyErrors;

const Kid = (): MethodDecorator => ApiParam({ name: 'kid', description: 'Key ID (`kid`) of the version' });

@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys')
@Requires('keys:read')
export class KeysController {
  constructor(
    private readonly keys: Keys,
    private readonly rotation: KeyRotation,
    private readonly deletion: KeyDeletion,
    private readonly dryRuns: KeyDryRuns,
    private readonly reports: KeyUserReports,
  ) {}

  @Post()
  @Requires('keys:write')
  @ApiOperation({ summary: 'Generate a key; its first version is active' })
  @Answers(201, KeyDetails, 'The new key')
  @Fails(KEY_NAME_TAKEN, KEY_LIMIT_REACHED, KEY_NOT_EXPORTABLE, BUSY, ...inKeyStore)
  async generateKey(@Body() body: NewKey, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return answerOnce(scope, presentKeyDetails, () => this.keys.generate(scope, toKeyRequest(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List the keys, or find one by its name' })
  @Answers(200, KeyPage, 'One page, oldest first')
  async listKeys(
    @Query() { limit, cursor, ...selection }: KeyQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Key>> {
    return presentPage(await this.keys.list(scope, selection, { limit, cursor }), presentKey);
  }

  @Get(':keyId')
  @ApiOperation({ summary: 'Read a key and its versions' })
  @Answers(200, KeyDetails, 'The key with its versions')
  async getKey(@Param('keyId') keyId: string, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.get(scope, keyId));
  }

  @Get(':keyId/users')
  @ApiOperation({ summary: 'List who signed with a key and when, and what may sign with it or certifies it' })
  @Answers(200, KeyUserList, 'Its users')
  async listKeyUsers(@Param('keyId') keyId: string, @InScope() scope: TenantScope): Promise<KeyUserList> {
    return presentKeyUsers(await this.reports.of(scope, keyId));
  }

  @Patch(':keyId')
  @Requires('keys:write')
  @ApiOperation({
    summary: 'Change the name, rotation schedule or contacts of a key, or make it non-exportable',
  })
  @Answers(200, KeyDetails, 'The updated key')
  @Fails(WRONG_STATE, KEY_NAME_TAKEN, KEY_EXPORTABILITY_FIXED)
  async changeKey(
    @Param('keyId') keyId: string,
    @Body() body: KeyChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.change(scope, keyId, body, ifMatch));
  }

  @Post(':keyId/rotate')
  @HttpCode(200)
  @Requires('keys:write')
  @ApiOperation({
    summary: 'Rotate a key: the next version is published now and signs when all JWKS caches have been refreshed',
  })
  @AnswersOrDryRun(KeyDetails, KeyDryRun, 'The key with its new version')
  @Fails(WRONG_STATE, KEY_NOT_USABLE, ROTATION_UNDER_WAY, KEY_LIMIT_REACHED, ...stepUpErrors, BUSY, ...inKeyStore)
  async rotateKey(
    @Param('keyId') keyId: string,
    @Body() { immediately, ...forced }: Rotation,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<KeyDetails | KeyDryRun> {
    if (dryRun) return presentKeyDryRun(await this.dryRuns.dryRun(scope, keyId, 'rotate'));
    const pace = immediately ? 'immediate' : 'staged';
    return answerOnce(scope, presentKeyDetails, () => this.rotation.rotate(scope, keyId, pace, ifMatch, forced));
  }

  @Post(':keyId/versions/:kid/retire')
  @HttpCode(200)
  @Requires('keys:write')
  @Kid()
  @ApiOperation({ summary: 'Retire a version: it stops signing; its tokens can be verified until they expire' })
  @AnswersOrDryRun(KeyDetails, KeyDryRun, 'The key with its versions')
  @Fails(WRONG_STATE, LAST_ACTIVE_KEY_VERSION, ...stepUpErrors, BUSY)
  async retireKeyVersion(
    @Param('keyId') keyId: string,
    @Param('kid') kid: string,
    @Body() forced: ForcedAction,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<KeyDetails | KeyDryRun> {
    if (dryRun) return presentKeyDryRun(await this.dryRuns.dryRun(scope, keyId, 'retire', kid));
    return answerOnce(scope, presentKeyDetails, () => this.rotation.retire(scope, keyId, kid, ifMatch, forced));
  }

  @Post(':keyId/versions/:kid/compromise')
  @HttpCode(200)
  @Requires('keys:write')
  @Kid()
  @ApiOperation({ summary: 'Mark a key version as compromised; its successor is activated immediately' })
  @AnswersOrDryRun(KeyDetails, KeyDryRun, 'The key with its versions')
  @Fails(WRONG_STATE, BUSY)
  async compromiseKeyVersion(
    @Param('keyId') keyId: string,
    @Param('kid') kid: string,
    @Body() { reason }: KeyCompromise,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<KeyDetails | KeyDryRun> {
    if (dryRun) return presentKeyDryRun(await this.dryRuns.dryRun(scope, keyId, 'compromise', kid));
    return answerOnce(scope, presentKeyDetails, () => this.rotation.compromise(scope, keyId, kid, reason, ifMatch));
  }

  @Delete(':keyId')
  @HttpCode(204)
  @Requires('keys:write')
  @ApiOperation({ summary: 'Delete a key: it no longer signs or verifies; it can be restored for a limited time' })
  @ApiNoContentResponse({ description: 'The key is deleted' })
  @ApiOkResponse({ type: KeyDryRun, description: 'With `dryRun=true`: the effect' })
  @Fails(WRONG_STATE, KEY_IN_USE, ...stepUpErrors, BUSY)
  async deleteKey(
    @Param('keyId') keyId: string,
    @Body() deletion: ForcedStepUp,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KeyDryRun | void> {
    if (!dryRun) return this.deletion.delete(scope, keyId, deletion, ifMatch);
    reply.status(200);
    return presentKeyDryRun(await this.dryRuns.dryRun(scope, keyId, 'delete'));
  }

  @Post(':keyId/restore')
  @Requires('keys:write')
  @ApiOperation({ summary: 'Restore a deleted key that has not been destroyed yet' })
  @Answers(200, KeyDetails, 'The key with its versions')
  @Fails(WRONG_STATE, KEY_NAME_TAKEN)
  async restoreKey(
    @Param('keyId') keyId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<KeyDetails> {
    return answerOnce(scope, presentKeyDetails, () => this.deletion.restore(scope, keyId, ifMatch));
  }
}
