import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type TenantScope, coreErrors } from '#core';
import { type PublicJwk, keyFromJwk } from '#crypto';
import { Keys, keyErrors } from '#keys';
import { tenantErrors } from '#tenants';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { PublicKeyQuery } from './key-material.contract.js';

const PEM_EXAMPLE = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...\n-----END PUBLIC KEY-----\n';

@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys')
@Requires('keys:read')
export class KeyMaterialController {
  constructor(private readonly keys: Keys) {}

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
