import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import {
  CheckpointLog,
  Cosignatures,
  HistoryLog,
  HistoryReads,
  LogKeys as Keys,
  LogPlace,
  historyErrors,
} from '#audit';
import { INSTALLATION_ID, type PlatformScope, type TenantScope, coreErrors, platformScope } from '#core';
import { databaseErrors } from '#database';
import { keyStoreErrors } from '#key-stores';
import { Users } from '#tenants';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';

import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Public, Requires } from '../http/requires.js';
import {
  CHECKPOINT_EXAMPLE,
  CheckpointQuery,
  ConsistencyProof,
  ConsistencyQuery,
  LOG_PROOF_EXAMPLE,
  LogKeyCompromise,
  LogKeys,
  LogKeysQuery,
  PlatformProofQuery,
  presentLogKeys,
} from './history-log.contract.js';
import { StepUp, stepUpErrors } from './step-up.contract.js';

export const PLAIN_TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** A tile of a published checkpoint never changes; shared caches must not store it. */
const UNCHANGING = 'private, max-age=31536000, immutable';

export const text = (description: string, example: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' as const, example } } },
});
const BINARY = {
  description: 'Hashes of 32 bytes, or entries that each follow their two-byte length',
  content: { [BYTES]: { schema: { type: 'string' as const, format: 'binary', example: '...' } } },
};
const TILE_PATH = {
  name: 'path',
  description: '`<level>/<index>` or `entries/<index>`, with `.p/<width>` if it is partial: `0/x001/234.p/17`',
  example: '0/000.p/17',
};

/** The history of a tenant as a tiled log (C2SP tlog-tiles): tools of others read and verify it. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/history')
@Requires('audit:read')
export class HistoryLogController {
  constructor(
    private readonly log: HistoryLog,
    private readonly cosignatures: Cosignatures,
    private readonly reads: HistoryReads,
    private readonly checkpointLog: CheckpointLog,
  ) {}

  @Get('checkpoint')
  @ApiOperation({ summary: 'Read the last signed checkpoint of the history (C2SP tlog-checkpoint)' })
  @ApiOkResponse(text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS)
  async getLogCheckpoint(
    @Query() { cosigned = false }: CheckpointQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, cosigned ? this.cosignatures : this.log, scope);
  }

  @Get('tile/*')
  @ApiOperation({ summary: 'Download a tile of hashes or a bundle of entries of the history (C2SP tlog-tiles)' })
  @ApiParam(TILE_PATH)
  @ApiOkResponse(BINARY)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.HISTORY_INCONSISTENT, historyErrors.HISTORY_ERASED)
  async getLogTile(
    @Param() { '*': path = '' }: Record<string, string>,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    // Hashes do not disclose events.
    if (path.startsWith('entries/')) await this.reads.record(scope);
    return tileReply(reply, await this.log.tile(scope, path));
  }

  @Get('platform-proof')
  @ApiOperation({
    summary: 'Prove that the log of checkpoints contains the last checkpoint of the history (C2SP tlog-proof)',
  })
  @ApiOkResponse(text('The proof; its extra data is that checkpoint', LOG_PROOF_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getPlatformProof(
    @Query() { before }: PlatformProofQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type(PLAIN_TEXT).header('Cache-Control', 'no-store');
    return this.checkpointLog.proof(scope, before);
  }

  @Get('platform-consistency')
  @ApiOperation({
    summary: 'Prove that the log of checkpoints continues an earlier checkpoint of it (RFC 9162 §2.1.4)',
  })
  @Answers(200, ConsistencyProof, 'The proof')
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.OUT_OF_RANGE)
  async getPlatformConsistency(
    @Query() { from, to }: ConsistencyQuery,
    @InScope() scope: TenantScope,
  ): Promise<ConsistencyProof> {
    return this.checkpointLog.consistency(scope, from, to);
  }
}

/** The log of the installation over the checkpoints of all histories (C2SP tlog-tiles): its entries name every tenant. */
@ApiTags('History')
@Controller('v1/history')
@Requires('platform-audit:read')
export class CheckpointLogController {
  constructor(private readonly log: CheckpointLog) {}

  @Get('checkpoint')
  @ApiOperation({ summary: 'Read the last signed checkpoint of the log of checkpoints' })
  @ApiOkResponse(text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getCheckpointLogCheckpoint(
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type(PLAIN_TEXT).header('Cache-Control', 'no-store');
    return this.log.checkpoint(scope);
  }

  @Get('tile/*')
  @ApiOperation({
    summary: 'Download a tile of hashes or a bundle of entries of the log of checkpoints',
  })
  @ApiParam(TILE_PATH)
  @ApiOkResponse(BINARY)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.HISTORY_INCONSISTENT)
  async getCheckpointLogTile(
    @Param() { '*': path = '' }: Record<string, string>,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return tileReply(reply, await this.log.tile(scope, path));
  }
}

/** The same of the installation's own history. */
@ApiTags('History')
@Controller('v1/platform/history')
@Requires('platform-audit:read')
export class PlatformHistoryLogController {
  constructor(
    private readonly log: HistoryLog,
    private readonly cosignatures: Cosignatures,
  ) {}

  @Get('checkpoint')
  @ApiOperation({ summary: "Read the last signed checkpoint of the installation's own history" })
  @ApiOkResponse(text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS)
  async getPlatformLogCheckpoint(
    @Query() { cosigned = false }: CheckpointQuery,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, cosigned ? this.cosignatures : this.log, scope);
  }

  @Get('tile/*')
  @ApiOperation({ summary: "Download a tile of hashes or a bundle of entries of the installation's own history" })
  @ApiParam(TILE_PATH)
  @ApiOkResponse(BINARY)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.HISTORY_INCONSISTENT)
  async getPlatformLogTile(
    @Param() { '*': path = '' }: Record<string, string>,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return tileReply(reply, await this.log.tile(scope, path));
  }
}

@ApiTags('Public')
@Controller('v1/history')
@Public()
export class LogKeysController {
  constructor(
    private readonly keys: Keys,
    private readonly place: LogPlace,
  ) {}

  @Get('keys')
  @ApiOperation({ summary: 'Read the keys that verify the checkpoints of a history' })
  @Answers(200, LogKeys, 'The keys of the log')
  async getLogKeys(@Query() { origin = ownOrigin(this.place) }: LogKeysQuery): Promise<LogKeys> {
    await this.keys.refresh();
    return presentLogKeys(origin, this.keys.periodsOf(origin));
  }
}

/** The name of the log of the installation's own history. */
const ownOrigin = ({ host }: LogPlace): string => `${host()}/${INSTALLATION_ID}`;

/** Actions of platform administrators on the keys. */
@ApiTags('History')
@Controller('v1/platform/history/keys')
@Requires('platform-history:manage')
export class PlatformLogKeysController {
  constructor(
    private readonly keys: Keys,
    private readonly place: LogPlace,
    private readonly users: Users,
  ) {}

  @Post('rotate')
  @ApiOperation({
    summary:
      'Rotate the keys that sign the checkpoints of all histories: the earlier ones sign beside the new ones for a year. The new Ed25519 key is made where the settings say',
  })
  @Answers(200, LogKeys, "The keys of the installation's own history, newest last")
  @Fails(
    historyErrors.TOO_MANY_HISTORY_KEYS,
    keyStoreErrors.KEY_STORE_UNKNOWN,
    keyStoreErrors.KEY_STORE_ALGORITHM,
    keyStoreErrors.KEY_STORE_UNAVAILABLE,
    keyStoreErrors.KEY_STORE_BUSY,
    ...stepUpErrors,
    coreErrors.PRECONDITION_FAILED,
    databaseErrors.CLOCK_NOT_CONFIRMED,
    coreErrors.BUSY,
  )
  async rotateLogKeys(@Body() { password }: StepUp, @OnPlatform() scope: PlatformScope): Promise<LogKeys> {
    await this.users.confirm(platformScope(scope), 'resource', password);
    return answerOnce(scope, this.present, () => this.keys.rotate(scope));
  }

  @Post('compromise')
  @ApiOperation({
    summary:
      'Mark a checkpoint key as compromised: it ends immediately, and every history is signed again without it ' +
      '(idempotent)',
  })
  @Answers(200, LogKeys, "The keys of the installation's own history")
  @Fails(
    historyErrors.NO_SUCH_HISTORY_KEY,
    historyErrors.TOO_MANY_HISTORY_KEYS,
    ...stepUpErrors,
    coreErrors.PRECONDITION_FAILED,
    coreErrors.BUSY,
  )
  async compromiseLogKey(
    @Body() { password, number }: LogKeyCompromise,
    @OnPlatform() scope: PlatformScope,
  ): Promise<LogKeys> {
    await this.users.confirm(platformScope(scope), 'resource', password);
    return answerOnce(scope, this.present, () => this.keys.compromise(scope, number));
  }

  private readonly present = ({ keys }: Awaited<ReturnType<Keys['rotate']>>): LogKeys => {
    const origin = ownOrigin(this.place);
    return presentLogKeys(origin, this.keys.periodsOf(origin, keys));
  };
}

export async function checkpointReply(
  reply: FastifyReply,
  log: HistoryLog | Cosignatures,
  scope: TenantScope | PlatformScope,
): Promise<string> {
  const note = await log.checkpoint(scope);
  reply.type(PLAIN_TEXT).header('Cache-Control', 'no-store');
  return note;
}

function tileReply(reply: FastifyReply, tile: Buffer): Buffer {
  reply.type(BYTES).header('Cache-Control', UNCHANGING);
  return tile;
}
