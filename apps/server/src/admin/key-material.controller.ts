import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { type TenantScope, coreErrors } from '#core';
import { type PublicJwk, cryptoErrors, keyFileErrors } from '#crypto';
import { KeyExport, KeyImport, keyErrors } from '#keys';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { NotStored } from '../http/idempotency.guard.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  ExportedKey,
  KeyExportRequest,
  KeyToImport,
  PUBLIC_KEY_MEDIA_TYPES,
  PublicKeyQuery,
  presentExportedKey,
  toExportRequest,
  toImportRequest,
} from './key-material.contract.js';
import { KeyDetails, presentKeyDetails } from './keys.contract.js';
import { stepUpErrors } from './step-up.contract.js';

const PEM_EXAMPLE = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...\n-----END PUBLIC KEY-----\n';
const XML_EXAMPLE = '<RSAKeyValue><Modulus>t6Q8PWSi1dkJ...</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>';
const { PASSPHRASE_REQUIRED, PASSPHRASE_INVALID, WEAK_KEY, INCONSISTENT_KEY } = keyFileErrors;
const KID = { name: 'kid', description: 'Key ID (`kid`) of the version' };

/** What carries keys in or out. */
@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys')
@Requires('keys:read')
export class KeyMaterialController {
  constructor(
    private readonly imports: KeyImport,
    private readonly exports: KeyExport,
  ) {}

  @Post('import')
  @Requires('keys:write')
  @ApiOperation({ summary: 'Import a key after checks; its first version is active' })
  @Answers(201, KeyDetails, 'The imported key')
  @Fails(
    keyErrors.KEY_NAME_TAKEN,
    keyErrors.KEY_COMPROMISED,
    keyErrors.KEY_LIMIT_REACHED,
    coreErrors.BUSY,
    cryptoErrors.INVALID_KEY,
    WEAK_KEY,
    INCONSISTENT_KEY,
    PASSPHRASE_REQUIRED,
    PASSPHRASE_INVALID,
  )
  async importKey(@Body() body: KeyToImport, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return answerOnce(scope, presentKeyDetails, () => this.imports.importKey(scope, toImportRequest(body)));
  }

  @Get(':keyId/versions/:kid/public')
  @ApiOperation({ summary: 'Download the public key of a version' })
  @ApiParam(KID)
  @ApiOkResponse({
    description: 'The public key in the requested format',
    content: {
      'application/json': {
        schema: { type: 'object', example: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg' } },
      },
      'application/x-pem-file': { schema: { type: 'string', example: PEM_EXAMPLE } },
      'application/xml': { schema: { type: 'string', example: XML_EXAMPLE } },
    },
  })
  @Fails(keyErrors.KEY_HAS_NO_PUBLIC_HALF, keyErrors.KEY_FORMAT_DOES_NOT_SUIT)
  async getPublicKey(
    @Param('keyId') keyId: string,
    @Param('kid') kid: string,
    @Query() { format = 'jwk' }: PublicKeyQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PublicJwk | string> {
    const half = await this.exports.exportPublic(scope, keyId, kid, format);
    const mediaType = PUBLIC_KEY_MEDIA_TYPES[format];
    if (mediaType !== undefined) reply.type(mediaType);
    return half;
  }

  @NotStored()
  @Post(':keyId/versions/:kid/export')
  @Requires('keys:export')
  @ApiOperation({ summary: 'Export the private key of a version; recorded in the history' })
  @ApiParam(KID)
  @Answers(200, ExportedKey, 'The key file')
  @Fails(
    keyErrors.KEY_NOT_EXPORTABLE,
    keyErrors.KEY_FORMAT_DOES_NOT_SUIT,
    coreErrors.WRONG_STATE,
    PASSPHRASE_REQUIRED,
    ...stepUpErrors,
    coreErrors.BUSY,
  )
  async exportPrivateKey(
    @Param('keyId') keyId: string,
    @Param('kid') kid: string,
    @Body() body: KeyExportRequest,
    @InScope() scope: TenantScope,
  ): Promise<ExportedKey> {
    return presentExportedKey(await this.exports.exportPrivate(scope, keyId, kid, toExportRequest(body)));
  }
}
