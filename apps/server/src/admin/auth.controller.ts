import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, refs } from '../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Page, type PlatformScope, coreErrors, platformScope, systemOrigin } from '#core';
import { Factors } from '#factors';
import {
  PasswordResets,
  ResetRequests,
  SessionRenewals,
  Sessions,
  SignIns,
  type StartedSession,
  Users,
  accountErrors,
  sessionErrors,
} from '#tenants';
import { Answers } from '../http/answers.js';
import { httpErrors } from '../http/errors.js';
import { Fails } from '../http/fails.js';
import { Caller, Facts, OnPlatform, type RequestFacts, SignedInScope, UserAgent } from '../http/in-scope.js';
import type { Principal } from '../http/principal.js';
import { RateLimited } from '../http/rate-limit.js';
import { Public, PublicOrSignedIn, Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { proofOf } from './factor-proof.contract.js';
import {
  AccessToken,
  AskedReset,
  LogIn,
  LogInVerification,
  NewPassword,
  PasswordChange,
  Renewal,
  ResetRequest,
  SecondFactorRequest,
  Self,
  SessionOfUser,
  SessionPage,
  type SessionPlace,
  presentRequest,
  presentSelf,
  presentSession,
  presentSessionOfUser,
} from './auth.contract.js';
import { PageQuery, presentPage } from './page.contract.js';
import { SessionCookie } from './session-cookie.js';

@ApiTags('Sessions')
@Controller('v1/auth')
@Requires('session:self')
export class AuthController {
  constructor(
    private readonly sessions: Sessions,
    private readonly signIns: SignIns,
    private readonly factors: Factors,
    private readonly users: Users,
    private readonly renewals: SessionRenewals,
    private readonly resets: PasswordResets,
    private readonly resetRequests: ResetRequests,
    private readonly cookie: SessionCookie,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Log in with e-mail and password' })
  @ApiExtraModels(AccessToken, SecondFactorRequest)
  @ApiOkResponse({
    schema: { oneOf: refs(AccessToken, SecondFactorRequest) },
    description: 'The tokens of the new session, or the request for a second factor',
  })
  @Fails(
    coreErrors.INVALID_CREDENTIALS,
    sessionErrors.PASSWORD_SIGN_IN_OFF,
    sessionErrors.TOO_MANY_ATTEMPTS,
    httpErrors.ORIGIN_NOT_ALLOWED,
    httpErrors.COOKIE_SESSION_UNAVAILABLE,
    coreErrors.BUSY,
  )
  async logIn(
    @Body() { email, password, tenant, session: place = 'token' }: LogIn,
    @Facts() facts: RequestFacts,
    @UserAgent() userAgent: string | null,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessToken | SecondFactorRequest> {
    // Other pages must not be able to sign a browser in to an account of theirs.
    if (place === 'cookie') this.cookie.requireUsable(request);
    // The caller is not identified yet: the actor in the history is the sign-in.
    const scope = platformScope({ ...systemOrigin('log-in'), ...facts });
    const started = await this.signIns.start(scope, email, password, { tenant, userAgent });
    return 'signInToken' in started ? presentRequest(started) : this.answer(started, place, reply);
  }

  @Post('login/verify')
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Complete a sign-in with a second factor' })
  @Answers(200, AccessToken, 'The tokens of the new session')
  @Fails(
    coreErrors.INVALID_CREDENTIALS,
    sessionErrors.TOO_MANY_ATTEMPTS,
    httpErrors.ORIGIN_NOT_ALLOWED,
    httpErrors.COOKIE_SESSION_UNAVAILABLE,
  )
  async verifyLogIn(
    @Body() { mfaToken, session: place = 'token', ...proof }: LogInVerification,
    @Facts() facts: RequestFacts,
    @UserAgent() userAgent: string | null,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessToken> {
    if (place === 'cookie') this.cookie.requireUsable(request);
    const scope = platformScope({ ...systemOrigin('log-in'), ...facts });
    const factor = await proofOf(this.factors, proof);
    return this.answer(await this.signIns.complete(scope, mfaToken, factor, userAgent), place, reply);
  }

  @Post('refresh')
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Renew a session: get a new access token and refresh token; the old refresh token ends' })
  @Answers(200, AccessToken, 'The next tokens of the session')
  @Fails(coreErrors.CREDENTIALS_REQUIRED, coreErrors.INVALID_CREDENTIALS, httpErrors.ORIGIN_NOT_ALLOWED)
  async renew(
    @Body() { refreshToken }: Renewal,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessToken> {
    const scope = platformScope({ ...systemOrigin('session-renewal'), ...facts });
    const token = refreshToken ?? this.cookie.read(request);
    if (token === undefined)
      throw coreErrors.CREDENTIALS_REQUIRED('A refresh token is expected in the body or in the cookie');
    const place = refreshToken === undefined ? 'cookie' : 'token';
    return this.answer(await this.renewals.renew(scope, token), place, reply);
  }

  @Get('sessions')
  @ApiOperation({ summary: 'List the active sessions of the account' })
  @Answers(200, SessionPage, 'One page, newest first')
  async listSessions(
    @Query() query: PageQuery,
    @OnPlatform() scope: PlatformScope,
    @Caller() caller: Principal,
  ): Promise<Page<SessionOfUser>> {
    return presentPage(await this.renewals.list(scope, query), presentSessionOfUser(sessionOf(caller)));
  }

  @Delete('sessions/:sessionId')
  @ApiOperation({ summary: 'End one of your sessions on all instances' })
  @WithDryRun('The session has ended')
  async endSession(@Param('sessionId') sessionId: string, @OnPlatform() scope: PlatformScope): Promise<void> {
    await this.renewals.end(scope, sessionId);
  }

  @Get('me')
  @ApiOperation({ summary: 'Read the signed-in user and their memberships' })
  @Answers(200, Self, 'The user, their platform role and their memberships')
  async getSelf(@OnPlatform() scope: PlatformScope): Promise<Self> {
    const user = await this.users.get(scope, scope.actor.id);
    const memberships = await this.sessions.memberships(scope, user.id);
    return presentSelf(user, memberships, await this.sessions.hasSecondFactor(scope, user.id));
  }

  @Post('logout')
  @PublicOrSignedIn('session:self')
  @RateLimited('login')
  @ApiOperation({ summary: 'End the sessions of the access token and of the cookie, on all instances' })
  @Answers(204, 'The session has ended')
  @Fails(httpErrors.ORIGIN_NOT_ALLOWED)
  async logOut(
    @SignedInScope() signedIn: PlatformScope | undefined,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const refreshToken = this.cookie.read(request);
    if (signedIn === undefined && refreshToken === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
    if (signedIn !== undefined) await this.sessions.end(signedIn, sessionOf(request.principal));
    if (refreshToken === undefined) return;
    await this.renewals.endByToken(platformScope({ ...systemOrigin('log-out'), ...facts }), refreshToken);
    this.cookie.clear(reply);
  }

  @Post('password')
  @ApiOperation({ summary: 'Change the password of the account; all other sessions end' })
  @Answers(204, 'The new password is set')
  @Fails(sessionErrors.PASSWORD_INVALID, sessionErrors.TOO_MANY_ATTEMPTS, coreErrors.BUSY)
  async changePassword(
    @Body() change: PasswordChange,
    @OnPlatform() scope: PlatformScope,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.sessions.changePassword(scope, sessionOf(caller), change);
  }

  @Post('reset')
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Request a password reset by e-mail' })
  @Answers(202, AskedReset, 'The same whether or not the account exists')
  @Fails(accountErrors.MAIL_NOT_CONFIGURED)
  async askForReset(@Body() { email, tenant }: ResetRequest, @Facts() facts: RequestFacts): Promise<AskedReset> {
    await this.resetRequests.ask(platformScope({ ...systemOrigin('password-reset'), ...facts }), email, tenant);
    return { email };
  }

  @Post('reset/complete')
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Set a new password with a reset token; all sessions of the account end' })
  @Answers(204, 'The new password is set')
  @Fails(accountErrors.RESET_INVALID, accountErrors.ADDRESS_VERIFIED, accountErrors.ADDRESS_TAKEN, coreErrors.BUSY)
  async completeReset(@Body() { token, password }: NewPassword, @Facts() facts: RequestFacts): Promise<void> {
    await this.resets.complete(platformScope({ ...systemOrigin('password-reset'), ...facts }), token, password);
  }

  private answer(started: StartedSession, place: SessionPlace, reply: FastifyReply): AccessToken {
    if (place === 'cookie') this.cookie.write(reply, started);
    return presentSession(started, place);
  }
}

/** @throws FORBIDDEN for a service: it has credentials, but no session */
function sessionOf(caller: Principal | undefined): string {
  if (caller?.kind !== 'user') throw coreErrors.FORBIDDEN();
  return caller.sessionId;
}
