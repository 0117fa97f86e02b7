import { All, Body, Controller, HttpCode, Post, Res, applyDecorators } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import type { TenantScope } from '#core';
import { Gateway } from '#service-keys';

import type { GrantedService } from '../callers.js';
import { Answers } from '../http/answers.js';
import { AcceptsAnyInput } from '../http/declared-input.guard.js';
import { NotStored } from '../http/idempotency.guard.js';
import { Caller, InScope } from '../http/in-scope.js';
import { ConfirmsCaller, Requires } from '../http/requires.js';
import { LeavesBodyUnread } from '../http/unread-body.js';
import { AdmittedCaller, CallerCredentials, CallerVerdict } from './caller.contract.js';

/** Only the headers of a forwarded request count. */
const ChecksForwardedRequest = (): MethodDecorator =>
  applyDecorators(
    NotStored(),
    AcceptsAnyInput(),
    LeavesBodyUnread(),
    HttpCode(200),
    Requires('service:self'),
    ConfirmsCaller(),
  );

/** For gateways that let Chancery authenticate the callers of their own API. */
@Controller('v1')
@ApiTags('Gateways')
export class CallerController {
  constructor(private readonly gateway: Gateway) {}

  @NotStored()
  @Post('authenticate')
  @ConfirmsCaller()
  @Requires('callers:authenticate')
  @ApiOperation({ operationId: 'authenticateCaller', summary: 'Authenticate the credentials of another request' })
  @Answers(200, CallerVerdict, 'The service, or the code of the rejection')
  async authenticate(@InScope() scope: TenantScope, @Body() credentials: CallerCredentials): Promise<CallerVerdict> {
    const { sourceAddress = null, ...shown } = credentials;
    return CallerVerdict.of(await this.gateway.authenticate(scope, { ...shown, sourceAddress }));
  }

  /** Reads the credential from the headers of the forwarded request; its body and query are ignored. */
  @All('forward-auth')
  @ChecksForwardedRequest()
  @ApiOperation({
    operationId: 'forwardAuth',
    summary: 'Check a forwarded request (nginx auth_request, Traefik, Envoy)',
  })
  @ApiOkResponse({
    type: AdmittedCaller,
    description: 'The request is accepted',
    headers: {
      'X-Chancery-Service': { schema: { type: 'string' }, description: 'Id of the service that sends the request' },
      'X-Chancery-Tenant': { schema: { type: 'string' }, description: 'Id of its tenant' },
    },
  })
  async forwardAuth(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdmittedCaller> {
    return this.admit(scope, caller, reply);
  }

  /** The same for gateways that append the path of the request, as Envoy does with `path_prefix`. */
  @All('forward-auth/*')
  @ChecksForwardedRequest()
  @ApiExcludeEndpoint()
  async forwardAuthWithPath(
    @InScope() scope: TenantScope,
    @Caller() caller: GrantedService,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdmittedCaller> {
    return this.admit(scope, caller, reply);
  }

  private async admit(scope: TenantScope, caller: GrantedService, reply: FastifyReply): Promise<AdmittedCaller> {
    const { credentialId, serviceId, tenantId } = caller;
    await this.gateway.recordAcceptance(scope, credentialId, serviceId);
    reply.headers({ 'X-Chancery-Service': serviceId, 'X-Chancery-Tenant': tenantId });
    return { serviceId, tenantId };
  }
}
