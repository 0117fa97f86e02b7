import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, refs } from '../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type PlatformScope, coreErrors, platformScope, systemOrigin } from '#core';
import { ProviderSignIns, identityProviderErrors } from '#identity-providers';
import { issuerErrors } from '#issuers';
import { tenantErrors } from '#tenants';
import { Answers } from '../http/answers.js';
import { httpErrors } from '../http/errors.js';
import { Fails } from '../http/fails.js';
import { Facts, OnPlatform, type RequestFacts, UserAgent } from '../http/in-scope.js';
import { RateLimited } from '../http/rate-limit.js';
import { Public, Requires } from '../http/requires.js';
import { AccessToken, SecondFactorRequest, presentRequest, presentSession } from './auth.contract.js';
import {
  BegunProviderSignIn,
  NewProviderSignIn,
  OfferedProviders,
  OfferedProvidersQuery,
  ProviderAnswer,
  ProviderSignInCompletion,
  presentBegun,
} from './identity-providers.contract.js';
import { SessionCookie, SignInCookie } from './session-cookie.js';
import { StepUpAnswer, presentStepUp } from './step-up.contract.js';

const { SIGN_IN_EXPIRED, IDENTITY_REJECTED, IDENTITY_NOT_ADMITTED } = identityProviderErrors;
const { ISSUER_UNUSABLE } = issuerErrors;
const { ORIGIN_NOT_ALLOWED, COOKIE_SESSION_UNAVAILABLE } = httpErrors;

/** The caller is not identified yet: the actor in the history is the sign-in. */
const signInScope = (facts: RequestFacts): PlatformScope =>
  platformScope({ ...systemOrigin('identity-provider-sign-in'), ...facts });

/** Sign-in by identity providers, for browsers (the answer is bound to them by a cookie) and for programs. */
@ApiTags('Sessions')
@Controller('v1/auth')
@Requires('session:self')
@RateLimited('login')
export class ProviderSignInController {
  constructor(
    private readonly signIns: ProviderSignIns,
    private readonly sessionCookie: SessionCookie,
    private readonly signInCookie: SignInCookie,
  ) {}

  @Get('identity-providers')
  @Public()
  @ApiOperation({ summary: 'List the identity providers through which people can sign in' })
  @Answers(200, OfferedProviders, 'The providers of the installation and, if it exists, of the tenant')
  async listOfferedIdentityProviders(
    @Query() { tenant }: OfferedProvidersQuery,
    @Facts() facts: RequestFacts,
  ): Promise<OfferedProviders> {
    const offered = await this.signIns.offered(signInScope(facts), tenant);
    return { items: offered.map(({ id, name }) => ({ id, name })) };
  }

  @Post('identity-providers/:identityProviderId/sign-in')
  @Public()
  @ApiOperation({ summary: 'Begin a sign-in at an identity provider' })
  @Answers(200, BegunProviderSignIn, 'The URL for the browser')
  @Fails(tenantErrors.TENANT_SUSPENDED, ISSUER_UNUSABLE, ORIGIN_NOT_ALLOWED, COOKIE_SESSION_UNAVAILABLE)
  async beginProviderSignIn(
    @Param('identityProviderId') providerId: string,
    @Body() { redirectUri }: NewProviderSignIn,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BegunProviderSignIn> {
    const inCookie = redirectUri === undefined;
    if (inCookie) this.signInCookie.requireUsable(request);
    const begun = await this.signIns.begin(signInScope(facts), providerId, { redirectUri });
    if (inCookie) this.signInCookie.write(reply, begun);
    return presentBegun(begun, inCookie);
  }

  @Post('identity-providers/complete')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: "Complete a sign-in with the identity provider's response" })
  @ApiExtraModels(AccessToken, SecondFactorRequest)
  @ApiOkResponse({
    schema: { oneOf: refs(AccessToken, SecondFactorRequest) },
    description: 'The tokens of the new session, or the request for a second factor',
  })
  @Fails(
    SIGN_IN_EXPIRED,
    IDENTITY_REJECTED,
    IDENTITY_NOT_ADMITTED,
    ISSUER_UNUSABLE,
    coreErrors.NOT_FOUND,
    tenantErrors.TENANT_SUSPENDED,
    ORIGIN_NOT_ALLOWED,
    COOKIE_SESSION_UNAVAILABLE,
    coreErrors.BUSY,
  )
  async completeProviderSignIn(
    @Body() { signInToken, session: place = 'token', ...answer }: ProviderSignInCompletion,
    @Facts() facts: RequestFacts,
    @UserAgent() userAgent: string | null,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessToken | SecondFactorRequest> {
    if (place === 'cookie') this.sessionCookie.requireUsable(request);
    const secret = this.secretOf(signInToken, request, reply);
    const started = await this.signIns.complete(signInScope(facts), secret, answer, userAgent);
    if ('signInToken' in started) return presentRequest(started);
    if (place === 'cookie') this.sessionCookie.write(reply, started);
    return presentSession(started, place);
  }

  @Post('step-up/identity-provider')
  @ApiOperation({ summary: 'Begin a step-up of this session with a new sign-in at its identity provider' })
  @Answers(200, BegunProviderSignIn, 'The URL for the browser')
  @Fails(coreErrors.NOT_FOUND, ISSUER_UNUSABLE, ORIGIN_NOT_ALLOWED, COOKIE_SESSION_UNAVAILABLE)
  async beginProviderStepUp(
    @Body() { redirectUri }: NewProviderSignIn,
    @OnPlatform() scope: PlatformScope,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BegunProviderSignIn> {
    const inCookie = redirectUri === undefined;
    if (inCookie) this.signInCookie.requireUsable(request);
    const begun = await this.signIns.beginStepUp(scope, { redirectUri });
    if (inCookie) this.signInCookie.write(reply, begun);
    return presentBegun(begun, inCookie);
  }

  @Post('step-up/identity-provider/complete')
  @ApiOperation({ summary: "Complete a step-up with the identity provider's response" })
  @Answers(200, StepUpAnswer, 'The token for the header `X-Step-Up`')
  @Fails(SIGN_IN_EXPIRED, IDENTITY_REJECTED, ISSUER_UNUSABLE, coreErrors.NOT_FOUND, ORIGIN_NOT_ALLOWED)
  async completeProviderStepUp(
    @Body() { signInToken, ...answer }: ProviderAnswer,
    @OnPlatform() scope: PlatformScope,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StepUpAnswer> {
    const secret = this.secretOf(signInToken, request, reply);
    return presentStepUp(await this.signIns.completeStepUp(scope, secret, answer));
  }

  /** The secret of a sign-in: of the program that began it, or of the browser, which does not need it any more. */
  private secretOf(given: string | undefined, request: FastifyRequest, reply: FastifyReply): string | undefined {
    if (given !== undefined) return given;
    const secret = this.signInCookie.read(request);
    if (secret !== undefined) this.signInCookie.clear(reply);
    return secret;
  }
}
