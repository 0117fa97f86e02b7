import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Page, type TenantScope, coreErrors } from '#core';
import { type PublicJwk, keyFromJwk } from '#crypto';
import { Keys, keyErrors } from '#keys';
import { tenantErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  Key,
  KeyDetails,
  KeyPage,
  NewKey,
  PublicKeyQuery,
  presentKey,
  presentKeyDetails,
  toKeyRequest,
} from './keys.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

const PEM_EXAMPLE = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...\n-----END PUBLIC KEY-----\n';

@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys')
@Requires('keys:read')
export class KeysController {
  constructor(private readonly keys: Keys) {}

  @Post()
  @Requires('keys:write')
  @ApiOperation({ summary: 'Generate a key; its first version signs at once' })
  @ApiCreatedResponse({ type: KeyDetails, description: 'The new key' })
  @Fails(tenantErrors.TENANT_SUSPENDED, keyErrors.KEY_NAME_TAKEN)
  async generateKey(@Body() body: NewKey, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.generate(scope, toKeyRequest(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List the keys' })
  @ApiOkResponse({ type: KeyPage, description: 'One page, oldest first' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async listKeys(@Query() query: PageQuery, @InScope() scope: TenantScope): Promise<Page<Key>> {
    return presentPage(await this.keys.list(scope, query), presentKey);
  }

  @Get(':keyId')
  @ApiOperation({ summary: 'Read a key and its versions' })
  @ApiOkResponse({ type: KeyDetails, description: 'The key with its versions' })
  @Fails(tenantErrors.TENANT_SUSPENDED)
  async getKey(@Param('keyId') keyId: string, @InScope() scope: TenantScope): Promise<KeyDetails> {
    return presentKeyDetails(await this.keys.get(scope, keyId));
  }

  @Get(':keyId/versions/:kid/public')
  @ApiOperation({ summary: 'Download the public half of a version' })
  @ApiParam({ name: 'kid', description: 'What tokens name the version by' })
  @ApiOkResponse({
    description: 'The public half in the format that was asked for',
    content: {
      'application/json': {
        schema: { type: 'object', example: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg' } },
      },
      'application/x-pem-file': { schema: { type: 'string', example: PEM_EXAMPLE } },
    },
  })
  @Fails(tenantErrors.TENANT_SUSPENDED, keyErrors.KEY_HAS_NO_PUBLIC_HALF)
  async getPublicKey(
    @Param('keyId') keyId: string,
    @Param('kid') kid: string,
    @Query() { format }: PublicKeyQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PublicJwk | string> {
    const { versions } = await this.keys.get(scope, keyId);
    const version = versions.find((candidate) => candidate.kid === kid);
    if (version === undefined) throw coreErrors.NOT_FOUND();
    const jwk = version.publicJwk;
    if (jwk === null) throw keyErrors.KEY_HAS_NO_PUBLIC_HALF();
    if (format !== 'pem') return jwk;
    reply.type('application/x-pem-file');
    return keyFromJwk(jwk).export({ type: 'spki', format: 'pem' }).toString();
  }
}
