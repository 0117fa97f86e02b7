import { Readable } from 'node:stream';

import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import {
  Cosignatures,
  type ExportRequest,
  History,
  HistoryExport,
  HistoryLog,
  HistoryReads,
  exportFormats,
  historyErrors,
} from '#audit';
import type { PlatformScope, TenantScope } from '#core';

import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope, OnPlatform } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  AuditDensity,
  AuditDensityQuery,
  AuditEvent,
  AuditEventPage,
  AuditEventQuery,
  AuditExportQuery,
  presentDensity,
} from './audit-events.contract.js';
import {
  CHECKPOINT_EXAMPLE,
  CheckpointQuery,
  ConsistencyProof,
  ConsistencyQuery,
  InclusionProof,
  InclusionQuery,
  LOG_PROOF_EXAMPLE,
} from './history-log.contract.js';
import { PLAIN_TEXT, checkpointReply, text } from './history-log.controller.js';

const REFERENCE = { name: 'sequence', description: 'Sequence number or id of the event' };
const BYTES = 'application/octet-stream';
const ONE_EVENT = {
  description: 'The event; with `Accept: application/octet-stream`, the bytes that were hashed',
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/AuditEvent' } },
    [BYTES]: { schema: { type: 'string' as const, format: 'binary', example: '...' } },
  },
};
const EXPORTS = Object.values(exportFormats).map(({ mediaType }) => mediaType.split(';')[0]!);
const AN_EXPORT = {
  description:
    'One event per line. `ndjson` begins with a header that contains the checkpoint, and can be verified with ' +
    '`chancery audit verify`; `csv` is for spreadsheets, with the checkpoint in the header `X-Checkpoint` ' +
    '(Base64)',
  content: Object.fromEntries(EXPORTS.map((type) => [type, { schema: { type: 'string' as const, example: '...' } }])),
};
const A_PROOF = text('The proof with its checkpoint: all that a verifier needs apart from the keys', LOG_PROOF_EXAMPLE);
const A_CHECKPOINT = text('Name, size and root of the log, and their signatures', CHECKPOINT_EXAMPLE);

/** An entry of the history is shown exactly as it was hashed, so that its hash can be computed again from the answer. */
@ApiTags('History')
@Controller('v1/tenants/:tenantId/audit-events')
@Requires('audit:read')
export class AuditEventsController {
  constructor(
    private readonly history: History,
    private readonly log: HistoryLog,
    private readonly cosignatures: Cosignatures,
    private readonly exporting: HistoryExport,
    private readonly reads: HistoryReads,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Query the history of the tenant' })
  @Answers(200, AuditEventPage, 'One page, newest first unless `order=asc`')
  async listAuditEvents(
    @Query() { limit, cursor, ...filter }: AuditEventQuery,
    @InScope() scope: TenantScope,
  ): Promise<AuditEventPage> {
    await this.reads.record(scope);
    return this.history.list(scope, filter, { limit, cursor });
  }

  @Get('density')
  @ApiOperation({ summary: 'Count the events of each hour of a day' })
  @Answers(200, AuditDensity, 'The counts')
  async getAuditDensity(@Query() { day }: AuditDensityQuery, @InScope() scope: TenantScope): Promise<AuditDensity> {
    await this.reads.record(scope);
    return presentDensity(await this.history.density(scope, day));
  }

  @Get('export')
  @ApiOperation({ summary: 'Export the history, or a period of it, with the checkpoint that covers it' })
  @ApiOkResponse(AN_EXPORT)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS, historyErrors.HISTORY_ERASED)
  async exportAuditEvents(
    @Query() query: AuditExportQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    return exportReply(reply, this.exporting, scope, query);
  }

  @Get('checkpoint')
  @ApiOperation({ summary: 'Read the last signed checkpoint of the history' })
  @ApiOkResponse(A_CHECKPOINT)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS)
  async getCheckpoint(
    @Query() { cosigned = false }: CheckpointQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, cosigned ? this.cosignatures : this.log, scope);
  }

  @Get('proofs/inclusion')
  @ApiOperation({ summary: 'Prove that an event is in the history' })
  @Answers(200, InclusionProof, 'The proof')
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.OUT_OF_RANGE)
  async getInclusionProof(
    @Query() { sequence, treeSize }: InclusionQuery,
    @InScope() scope: TenantScope,
  ): Promise<InclusionProof> {
    return this.log.inclusion(scope, sequence, treeSize);
  }

  @Get('proofs/consistency')
  @ApiOperation({ summary: 'Prove that an earlier state of the history is the beginning of a later one' })
  @Answers(200, ConsistencyProof, 'The proof')
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.OUT_OF_RANGE)
  async getConsistencyProof(
    @Query() { from, to }: ConsistencyQuery,
    @InScope() scope: TenantScope,
  ): Promise<ConsistencyProof> {
    return this.log.consistency(scope, from, to);
  }

  @Get(':sequence')
  @ApiOperation({ summary: 'Read one event, by its sequence number or its id' })
  @ApiParam(REFERENCE)
  @ApiOkResponse(ONE_EVENT)
  @Fails(historyErrors.HISTORY_ERASED)
  async getAuditEvent(
    @Param('sequence') reference: string,
    @Headers('accept') accept: string | undefined,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditEvent | Buffer> {
    await this.reads.record(scope);
    const event = await this.history.get(scope, reference);
    return asksForBytes(accept) ? bytesReply(reply, await this.log.entry(scope, event.sequence)) : event;
  }

  @Get(':sequence/proof')
  @ApiOperation({ summary: 'Prove one event with a file that can be verified without this server (C2SP tlog-proof)' })
  @ApiParam(REFERENCE)
  @ApiOkResponse(A_PROOF)
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getEventProof(
    @Param('sequence') reference: string,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type(PLAIN_TEXT);
    return this.log.proof(scope, await this.history.sequenceOf(scope, reference));
  }
}

@ApiTags('History')
@Controller('v1/platform/audit-events')
@Requires('platform-audit:read')
export class PlatformAuditEventsController {
  constructor(
    private readonly history: History,
    private readonly log: HistoryLog,
    private readonly cosignatures: Cosignatures,
    private readonly exporting: HistoryExport,
  ) {}

  @Get()
  @ApiOperation({ summary: "Query the installation's own history" })
  @Answers(200, AuditEventPage, 'One page, newest first unless `order=asc`')
  async listPlatformAuditEvents(
    @Query() { limit, cursor, ...filter }: AuditEventQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<AuditEventPage> {
    return this.history.list(scope, filter, { limit, cursor });
  }

  @Get('density')
  @ApiOperation({ summary: "Count the events of each hour of a day in the installation's own history" })
  @Answers(200, AuditDensity, 'The counts')
  async getPlatformAuditDensity(
    @Query() { day }: AuditDensityQuery,
    @OnPlatform() scope: PlatformScope,
  ): Promise<AuditDensity> {
    return presentDensity(await this.history.density(scope, day));
  }

  @Get('export')
  @ApiOperation({ summary: "Export the installation's own history, or a period of it" })
  @ApiOkResponse(AN_EXPORT)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS, historyErrors.HISTORY_ERASED)
  async exportPlatformAuditEvents(
    @Query() query: AuditExportQuery,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    return exportReply(reply, this.exporting, scope, query);
  }

  @Get('checkpoint')
  @ApiOperation({ summary: "Read the last signed checkpoint of the installation's own history" })
  @ApiOkResponse(A_CHECKPOINT)
  @Fails(historyErrors.CHECKPOINT_PENDING, historyErrors.NO_WITNESS)
  async getPlatformCheckpoint(
    @Query() { cosigned = false }: CheckpointQuery,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return checkpointReply(reply, cosigned ? this.cosignatures : this.log, scope);
  }

  @Get(':sequence')
  @ApiOperation({ summary: 'Read one event of the installation, by its sequence number or its id' })
  @ApiParam(REFERENCE)
  @ApiOkResponse(ONE_EVENT)
  @Fails(historyErrors.HISTORY_ERASED)
  async getPlatformAuditEvent(
    @Param('sequence') reference: string,
    @Headers('accept') accept: string | undefined,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditEvent | Buffer> {
    const event = await this.history.get(scope, reference);
    return asksForBytes(accept) ? bytesReply(reply, await this.log.entry(scope, event.sequence)) : event;
  }

  @Get(':sequence/proof')
  @ApiOperation({ summary: 'Prove one event of the installation with a file that can be verified without this server' })
  @ApiParam(REFERENCE)
  @ApiOkResponse(A_PROOF)
  @Fails(historyErrors.CHECKPOINT_PENDING)
  async getPlatformEventProof(
    @Param('sequence') reference: string,
    @OnPlatform() scope: PlatformScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type(PLAIN_TEXT);
    return this.log.proof(scope, await this.history.sequenceOf(scope, reference));
  }
}

async function exportReply(
  reply: FastifyReply,
  exporting: HistoryExport,
  scope: TenantScope | PlatformScope,
  { format = 'ndjson', ...period }: AuditExportQuery,
): Promise<Readable> {
  const request: ExportRequest = { format, ...period };
  const { header, content } = await exporting.begin(scope, request);
  const name = `history-${scope.tenantId}-${header.first}.${format}`;
  reply.type(exportFormats[format].mediaType).headers({
    'Cache-Control': 'no-store',
    'Content-Disposition': `attachment; filename="${name}"`,
    // A CSV file has no place for the header.
    'X-Checkpoint': Buffer.from(header.checkpoint).toString('base64'),
  });
  return Readable.from(content, { objectMode: false });
}

const asksForBytes = (accept: string | undefined): boolean => accept?.split(/[,;]/)[0]?.trim() === BYTES;

function bytesReply(reply: FastifyReply, bytes: Buffer): Buffer {
  reply.type(BYTES);
  return bytes;
}
