import { Body, Controller, Get, Headers, Options, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Origin, type TenantScope, coreErrors, systemOrigin } from '#core';
import { databaseErrors } from '#database';
import { AllowedOrigins, type SignedToken, Signing, TokenProfiles, TrustedUsers, profileErrors } from '#signing';

import type { GrantedService } from '../callers.js';
import { answerOnceCommitted } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { readableByOrigin } from '../http/browser-access.js';
import { showsServiceId } from '../http/auth.guard.js';
import { Fails } from '../http/fails.js';
import { Caller, Facts, InScope, type RequestFacts, ShownService } from '../http/in-scope.js';
import { Public, PublicOrSignedIn, Requires } from '../http/requires.js';
import { tokenOfProfile } from '../secret-references.js';
import { TenantNames } from './tenant-names.js';
import { ProfileQuery } from './transactions.contract.js';
import { UserTokenAnswer, UserTokenQuery, UserTokenRequest } from './user-tokens.contract.js';
import { ofIssuing } from './token.contract.js';

const FORMAT = 'ccai-user';
/** A page shows the ID token of its user, and no cookie. */
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET',
  'Access-Control-Allow-Headers': 'Authorization',
  'Access-Control-Max-Age': '600',
} as const;
const BEARER = /^Bearer +(?<token>\S+)$/i;

const ofEachIssue = [...ofIssuing, profileErrors.AMBIGUOUS_PROFILE, coreErrors.BUSY] as const;

const RejectsUsers = (): MethodDecorator =>
  Fails(coreErrors.NOT_FOUND, databaseErrors.AUDIT_UNAVAILABLE, ...ofEachIssue);

/** The token endpoint of Google CCAI Platform: `{"token": "<jwt>"}` for the current user. */
@Controller()
@ApiTags('Google CCAI Platform')
export class UserTokensController {
  constructor(
    private readonly signing: Signing,
    private readonly profiles: TokenProfiles,
    private readonly users: TrustedUsers,
    private readonly tenants: TenantNames,
    private readonly origins: AllowedOrigins,
  ) {}

  @Post('v1/auth/token')
  @Requires('tokens:sign')
  @ApiOperation({ operationId: 'createUserToken', summary: 'Issue a token for a user' })
  @Answers(200, UserTokenAnswer, 'The token')
  @Fails(coreErrors.NOT_FOUND, ...ofEachIssue)
  async createUserToken(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Query() { profile }: ProfileQuery,
    @Body() user: UserTokenRequest,
  ): Promise<UserTokenAnswer> {
    return this.forService(scope, caller, profile, { ...user });
  }

  @Get('v1/auth/token')
  @PublicOrSignedIn('tokens:sign', (request) => idTokenIn(request) === undefined)
  @ApiOperation({
    operationId: 'getUserToken',
    summary: 'Issue a token for the user of an ID token or, for a service, for an anonymous user',
  })
  @Answers(200, UserTokenAnswer, 'The token')
  @RejectsUsers()
  async getUserToken(
    @ShownService() service: ShownService | undefined,
    @Query() query: UserTokenQuery,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserTokenAnswer> {
    reply.header('Cache-Control', 'no-store');
    if (service !== undefined) {
      // The request does not say who the user is, and a query string is no proof of it.
      return this.forService(service.scope, service.principal as GrantedService, query.profile, { anonymous: true });
    }
    const idToken = idTokenIn(request);
    if (idToken === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
    const page = request.headers.origin;
    // Refusals are readable, too: a page learns that its user has to sign in again.
    await this.openTo(page, { ...systemOrigin('id-token'), ...facts }, query, reply);
    return this.forIdToken(idToken, query, facts, page, reply);
  }

  /** The path of the vendor's own samples. */
  @Get('auth/token')
  @PublicOrSignedIn('tokens:sign', (request) => idTokenIn(request) === undefined)
  @ApiOperation({
    operationId: 'getUserTokenAtVendorPath',
    summary: 'Issue a token for a user, at the path in the vendor’s samples',
  })
  @Answers(200, UserTokenAnswer, 'The token')
  @RejectsUsers()
  async getUserTokenAtVendorPath(
    @ShownService() service: ShownService | undefined,
    @Query() query: UserTokenQuery,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserTokenAnswer> {
    return this.getUserToken(service, query, facts, request, reply);
  }

  private async forService(
    scope: TenantScope,
    caller: GrantedService,
    profile: string | undefined,
    input: object,
  ): Promise<UserTokenAnswer> {
    const name = await this.profiles.nameOf(scope, FORMAT, caller.profiles, profile);
    const present = (signed: SignedToken): UserTokenAnswer => ({ token: tokenOfProfile(name, signed) });
    return answerOnceCommitted(scope, present, () => this.signing.sign(scope, caller, name, input));
  }

  @Options('v1/auth/token')
  @Public()
  @ApiOperation({
    operationId: 'askForUserToken',
    summary: 'Answer the CORS preflight of a page that requests a token',
  })
  @Answers(204, 'What the page may send, if a profile lists its origin')
  async preflight(
    @Headers('origin') page: string | undefined,
    @Query() query: UserTokenQuery,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    reply.header('Allow', 'GET, HEAD, OPTIONS, POST');
    const origin: Origin = { ...systemOrigin('preflight'), ...facts };
    if (await this.openTo(page, origin, query, reply)) reply.headers(PREFLIGHT);
  }

  @Options('auth/token')
  @Public()
  @ApiOperation({
    operationId: 'askForUserTokenAtVendorPath',
    summary: 'Answer the CORS preflight, at the path in the vendor’s samples',
  })
  @Answers(204, 'What the page may send, if a profile lists its origin')
  async preflightAtVendorPath(
    @Headers('origin') page: string | undefined,
    @Query() query: UserTokenQuery,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.preflight(page, query, facts, reply);
  }

  /** Lets a page read the answer where a profile lists its origin. Caches must keep the answers of origins apart. */
  private async openTo(
    page: string | undefined,
    asking: Origin,
    { profile, tenant }: UserTokenQuery,
    reply: FastifyReply,
  ): Promise<boolean> {
    reply.header('Vary', 'Origin');
    if (page === undefined) return false;
    const tenantId = tenant === undefined ? undefined : await this.tenants.idOf(asking, tenant);
    const isAllowed = await this.origins.allow(asking, page, { profile, tenantId });
    if (isAllowed) reply.headers(readableByOrigin(page));
    else for (const name of Object.keys(readableByOrigin(page))) reply.removeHeader(name);
    return isAllowed;
  }

  private async forIdToken(
    idToken: string,
    { profile, tenant }: UserTokenQuery,
    facts: RequestFacts,
    page: string | undefined,
    reply: FastifyReply,
  ): Promise<UserTokenAnswer> {
    const origin: Origin = { ...systemOrigin('id-token'), ...facts };
    const named = tenant === undefined ? undefined : await this.tenants.idOf(origin, tenant);
    const trusted = await this.users.identify(origin, idToken, { profile, tenantId: named });
    await this.openTo(page, origin, { profile: trusted.profile, tenant: trusted.tenantId }, reply);
    const scope: TenantScope = { ...origin, evidence: { kind: 'tenant' }, tenantId: trusted.tenantId };
    // The profile itself names the issuers that it trusts: that is the grant.
    const caller = { profiles: [trusted.profile], profileVersion: trusted.profileVersion };
    const { token } = await this.signing.sign(scope, caller, trusted.profile, trusted.user);
    return { token };
  }
}

/** The bearer token of a request, unless it is that of a service or of a workload. */
function idTokenIn(request: FastifyRequest): string | undefined {
  const bearer = BEARER.exec(request.headers.authorization ?? '')?.groups?.['token'];
  return bearer === undefined || isServiceToken(bearer) || showsServiceId(request) ? undefined : bearer;
}

/** A service's own token is HS256, which no ID token may be. Only tells the two apart; each is verified afterwards. */
function isServiceToken(token: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString());
    return (header as { alg?: unknown } | null)?.alg === 'HS256';
  } catch {
    return false;
  }
}
