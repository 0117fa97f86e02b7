import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { HistoryLog, HistoryReads, LogKeys as Keys, LogPlace, historyErrors } from '#audit';
import { INSTALLATION_ID, type PlatformScope, type TenantScope } from '#core';
import { formatVerifierKey } from '#transparency-log';

import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Public, Requires } from '../http/requires.js';
import { CHECKPOINT_EXAMPLE, CheckpointQuery, LogKeys, LogKeysQuery } from './history-log.contract.js';

export const PLAIN_TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** A tile of a published checkpoint never changes; shared caches have no business with it. */
const UNCHANGING = 'private, max-age=31536000, immutable';

export const text = (description: string, example: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' as const, example } } },
});
const BINARY = {
  description: 'Hashes of 32 bytes, or entries behind their length in two bytes',
  content: { [BYTES]: { schema: { type: 'string' as const, format: 'binary', example: '...' } } },
};
const TILE_PATH = {
  name: 'path',
  description: '`<level>/<index>` or `entries/<index>`, with `.p/<width>` where it is not full: `0/x001/234.p/17`',
  example: '0/000.p/17',
};

/** The history of a tenant as a tiled log (C2SP tlog-tiles): tools of others read and verify it. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/history')
@Requires('audit:read')
export class HistoryLogController {
  constructor(
    private readonly log: HistoryLog,
    private readonly reads: HistoryReads,
  ) {}

  @Get('checkpoint')
  @ApiOperation({ summary: 'Read the last signed checkpoint of the history (C2SP tlog-checkpoint)' })
  @ApiOkResponse(text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getLogCheckpoint(
    @Query() query: CheckpointQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, this.log, scope, query);
  }

  @Get('tile/*')
  @ApiOperation({ summary: 'Download a tile of hashes or a bundle of entries of the history (C2SP tlog-tiles)' })
  @ApiParam(TILE_PATH)
  @ApiOkResponse(BINARY)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.HISTORY_INCONSISTENT)
  async getLogTile(
    @Param() { '*': path = '' }: Record<string, string>,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    // Hashes say nothing of what happened.
    if (path.startsWith('entries/')) await this.reads.record(scope);
    return tileReply(reply, await this.log.tile(scope, path));
  }
}

/** The same of the installation's own history. */
@ApiTags('History')
@Controller('v1/platform/history')
@Requires('platform-audit:read')
export class PlatformHistoryLogController {
  constructor(private readonly log: HistoryLog) {}

  @Get('checkpoint')
  @ApiOperation({ summary: "Read the last signed checkpoint of the installation's own history" })
  @ApiOkResponse(text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE))
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getPlatformLogCheckpoint(
    @Query() query: CheckpointQuery,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, this.log, scope, query);
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
  @ApiOkResponse({ type: LogKeys, description: 'The keys under the name of the log' })
  getLogKeys(@Query() { origin = `${this.place.host()}/${INSTALLATION_ID}` }: LogKeysQuery): LogKeys {
    const keys = this.keys.verifierKeysOf(origin).map((key) => ({
      algorithm: key.type === 'mlDsa44' ? ('ML-DSA-44' as const) : ('Ed25519' as const),
      verifierKey: formatVerifierKey(key),
    }));
    return { origin, keys };
  }
}

export async function checkpointReply(
  reply: FastifyReply,
  log: HistoryLog,
  scope: TenantScope | PlatformScope,
  { cosigned = false }: CheckpointQuery,
): Promise<string> {
  const note = await (cosigned ? log.cosignedCheckpoint(scope) : log.checkpoint(scope));
  reply.type(PLAIN_TEXT).header('Cache-Control', 'no-store');
  return note;
}

function tileReply(reply: FastifyReply, tile: Buffer): Buffer {
  reply.type(BYTES).header('Cache-Control', UNCHANGING);
  return tile;
}
