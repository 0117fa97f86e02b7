import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';
import { PublicUrl } from '#config';
import { JWKS_MAX_AGE_SECONDS } from '#keys';
import { issuerUrl } from '#signing';
import { Answers } from '../http/answers.js';
import { ReadableFromBrowsers } from '../http/browser-access.js';
import { contentTag } from '../http/entity-tag.js';
import { Facts, type RequestFacts } from '../http/in-scope.js';
import { Public } from '../http/requires.js';
import { ServedWhileSealed } from '../http/seal.guard.js';
import { IssuerMetadata, JsonWebKeySet, issuerMetadata } from './jwks.contract.js';
import { PublishedKeys } from './published-keys.js';

@ApiTags('Public')
@Controller('v1/tenants/:tenantId/.well-known')
@Public()
@ServedWhileSealed()
export class JwksController {
  constructor(
    private readonly published: PublishedKeys,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get('jwks.json')
  @ReadableFromBrowsers()
  @ApiOperation({ summary: 'Read the public keys of the tenant, as a JWK Set' })
  @Answers(200, JsonWebKeySet, 'The keys; also of a suspended tenant')
  async getJwks(
    @Param('tenantId') tenant: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { value, isHeld } = await this.published.of(tenant, facts);
    cacheable(reply, isHeld, value.tag);
    reply.type('application/json; charset=utf-8');
    return value.text;
  }

  @Get('openid-configuration')
  @ReadableFromBrowsers()
  @ApiOperation({ summary: 'Read the OpenID Connect discovery document of the tenant' })
  @Answers(200, IssuerMetadata, 'The issuer, the URL of its keys, and their algorithms')
  async getIssuerMetadata(
    @Param('tenantId') tenant: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuerMetadata> {
    const { value, isHeld } = await this.published.of(tenant, facts);
    const issuer = issuerUrl(this.publicUrl.current, value.tenantId);
    const metadata = issuerMetadata(issuer, value.jwks);
    cacheable(reply, isHeld, contentTag(JSON.stringify(metadata)));
    return metadata;
  }
}

/** Staged rotation depends on it: caches must not use an older response, even if the server is unavailable. */
const CACHE_CONTROL = `public, max-age=${JWKS_MAX_AGE_SECONDS}, must-revalidate`;
/** For a response from before the database went away: caches ask again soon. */
const CACHE_CONTROL_OF_HELD = 'public, max-age=30, must-revalidate';

/**
 * Lets caches keep the answer and ask whether it has changed (RFC 9111, RFC 9110 §13.1.2). Refusals are not cached: the
 * headers are set only once there is an answer.
 */
function cacheable(reply: FastifyReply, isHeld: boolean, tag: string): void {
  reply.headers({ ETag: tag, 'Cache-Control': isHeld ? CACHE_CONTROL_OF_HELD : CACHE_CONTROL });
}
