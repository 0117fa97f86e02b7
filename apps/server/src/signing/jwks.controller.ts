import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type TenantScope, systemOrigin } from '#core';
import { JWKS_MAX_AGE_SECONDS, Keys } from '#keys';
import { IssuerUrls } from '#signing';
import { Access } from '#tenants';
import { contentTag, isKnownTag } from '../http/entity-tag.js';
import { Facts, type RequestFacts } from '../http/in-scope.js';
import { Public } from '../http/requires.js';
import { ServedWhileSealed } from '../http/seal.guard.js';
import { IssuerMetadata, JsonWebKeySet, issuerMetadata } from './jwks.contract.js';

@ApiTags('Public')
@Controller('v1/tenants/:tenantId/.well-known')
@Public()
@ServedWhileSealed()
export class JwksController {
  constructor(
    private readonly access: Access,
    private readonly keys: Keys,
    private readonly issuers: IssuerUrls,
  ) {}

  @Get('jwks.json')
  @ApiOperation({ summary: 'The public keys of the tenant, as a JWK Set' })
  @ApiOkResponse({ type: JsonWebKeySet, description: 'The keys; also of a suspended tenant' })
  async getJwks(
    @Param('tenantId') tenant: string,
    @Facts() facts: RequestFacts,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonWebKeySet | undefined> {
    return cacheable(reply, known, await this.keys.jwks(await this.scopeOf(tenant, facts)));
  }

  @Get('openid-configuration')
  @ApiOperation({ summary: 'OpenID Connect discovery document of the tenant' })
  @ApiOkResponse({ type: IssuerMetadata, description: 'Its issuer, where its keys are, and their algorithms' })
  async getIssuerMetadata(
    @Param('tenantId') tenant: string,
    @Facts() facts: RequestFacts,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuerMetadata | undefined> {
    const scope = await this.scopeOf(tenant, facts);
    const issuer = this.issuers.ofTenant(scope.tenantId);
    return cacheable(reply, known, issuerMetadata(issuer, await this.keys.jwks(scope)));
  }

  private async scopeOf(tenant: string, facts: RequestFacts): Promise<TenantScope> {
    const origin = { ...systemOrigin('jwks'), ...facts };
    return { ...origin, tenantId: await this.access.tenantId(origin, tenant) };
  }
}

/** Staged rotation counts on it: nobody uses an answer that is older, not even where the server cannot be reached. */
const CACHE_CONTROL = `public, max-age=${JWKS_MAX_AGE_SECONDS}, must-revalidate`;

/**
 * Lets caches keep the answer and ask whether it has changed (RFC 9111, RFC 9110 §13.1.2). Refusals are not cached: the
 * headers are set only once there is an answer.
 */
function cacheable<Body>(reply: FastifyReply, known: string | undefined, body: Body): Body | undefined {
  const tag = contentTag(JSON.stringify(body));
  reply.headers({ ETag: tag, 'Cache-Control': CACHE_CONTROL });
  if (!isKnownTag(known, tag)) return body;
  reply.status(304);
  return undefined;
}
